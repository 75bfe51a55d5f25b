package io.github.jalign.checkpoint;

import java.util.LinkedHashMap;
import java.util.Map;

/** Names that reach out of a folder on some platform, and why each is refused. */
final class HostileNames {
    private HostileNames() {}

    /** What the message says after the quoted name. */
    static Map<String, String> reasons() {
        Map<String, String> names = new LinkedHashMap<>();
        names.put("", "which is empty");
        names.put(".", "which has the part \".\"");
        names.put("..", "which has the part \"..\"");
        names.put("../model.safetensors", "which has the part \"..\"");
        names.put("../../../../etc/passwd", "which has the part \"..\"");
        names.put("a/../../model.safetensors", "which has the part \"..\"");
        names.put("a/../model.safetensors", "which has the part \"..\"");
        names.put("./model.safetensors", "which has the part \".\"");
        names.put("a/./model.safetensors", "which has the part \".\"");
        names.put("a//model.safetensors", "which has the part \"\"");
        names.put("a/", "which has the part \"\"");
        names.put("model.safetensors/..", "which has the part \"..\"");
        names.put("/model.safetensors", "which is absolute");
        names.put("/etc/passwd", "which is absolute");
        names.put("//server/share/model.safetensors", "which is absolute");
        names.put("///model.safetensors", "which is absolute");
        names.put("C:/model.safetensors", "which holds a colon");
        names.put("c:model.safetensors", "which holds a colon");
        names.put("model.safetensors:stream", "which holds a colon");
        names.put("file:///etc/passwd", "which holds a colon");
        names.put("C:\\model.safetensors", "which holds a backslash");
        names.put("..\\model.safetensors", "which holds a backslash");
        names.put("a\\..\\..\\model.safetensors", "which holds a backslash");
        names.put("\\\\server\\share\\model.safetensors", "which holds a backslash");
        names.put("\\\\?\\C:\\model.safetensors", "which holds a backslash");
        names.put("\\model.safetensors", "which holds a backslash");
        names.put("..\0/model.safetensors", "which holds a control character");
        names.put("model.safetensors\0.txt", "which holds a control character");
        names.put("\0", "which holds a control character");
        names.put("model\n.safetensors", "which holds a control character");
        names.put("model\u001b[31m.safetensors", "which holds a control character");
        names.put("model\u0085.safetensors", "which holds a control character");
        return names;
    }
}
