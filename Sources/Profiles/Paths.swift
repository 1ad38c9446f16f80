/// A path, relative to `folder` where it is relative.
func path(_ path: String, in folder: String) -> String {
    path.utf8.first == UInt8(ascii: "/") || folder == "." ? path : "\(folder)/\(path)"
}
