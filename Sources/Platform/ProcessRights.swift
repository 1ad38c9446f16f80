import CPlatform

/// Whether this process has rights that whoever started it does not have: then the environment and the arguments are
/// an attacker's, and with them the config, the provider and the commands that are run.
public var hasBorrowedRights: Bool { cplatform_has_borrowed_rights() }

/// Keeps the memory of this process, in which there will be secrets, out of core files and from the user's other
/// processes, where the system can do that (Linux).
public func hideMemory() { cplatform_hide_memory() }

/// Closes what whoever started this process had open beside the standard streams: such as a pipe, of which somebody
/// may wait for the end. Only before this process opens a file of its own.
public func closeInheritedFiles() { cplatform_close_files() }
