/// Calls of the C library that Swift cannot reach: GNU extensions, and types that differ between systems.
///
/// This includes no header, so that Swift finds the C library's types in the C library's own module.
#ifndef CTESTSUPPORT_H
#define CTESTSUPPORT_H

/// A pipe whose ends no child inherits. As `pipe`.
int support_pipe(int ends[2]);

/// A connection that no child inherits. As `accept`.
int support_accept(int listener);

/// A new pseudo-terminal: its master is returned, which no child inherits, and its name is written.
/// -1 when there is none to be had.
int support_terminal(char *name, int size);

/// Starts a program in a session of its own, with no signal blocked or ignored.
///
/// `streams` are its descriptors 0, 1 and 2, -1 for none; `folder` is where it runs, or NULL. As `posix_spawn`,
/// it gives 0 or an error number.
int support_spawn(
    int *pid, const char *path, char *const arguments[], char *const environment[], const int streams[3],
    const char *folder);

#endif
