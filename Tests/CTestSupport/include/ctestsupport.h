/// Calls of the C library that Swift cannot reach: GNU extensions, and types that differ between systems.
///
/// This includes no header, so that Swift finds the C library's types in the C library's own module.
#ifndef CTESTSUPPORT_H
#define CTESTSUPPORT_H

/// A pipe whose ends no child inherits. As `pipe`.
int support_pipe(int ends[2]);

/// A connection that no child inherits. As `accept`.
int support_accept(int listener);

/// A new pseudo-terminal that no child inherits: its controlling side, and the path of the device in
/// `device`. -1 with `errno` on failure.
int support_open_terminal(char *device, int capacity);

/// What stands for the terminal among a program's streams, and for none.
enum { SUPPORT_TERMINAL = -2, SUPPORT_CLOSED = -1 };

/// Starts a program in a session of its own, with no signal blocked or ignored.
///
/// `streams` are its descriptors 0, 1 and 2; `device` is the terminal that those are which stand for it, and that
/// becomes the session's own (on Linux: elsewhere opening a terminal does not do that); `folder` is where it runs, or
/// NULL. As `posix_spawn`, it gives 0 or an error number.
int support_spawn(
    int *pid, const char *path, char *const arguments[], char *const environment[], const int streams[3],
    const char *device, const char *folder);

/// Gives the calling thread a network of its own, in which there is only a loopback. 0, or -1 with `errno`. Linux
/// only, and for root.
int support_new_network(void);

#endif
