// Nothing is called by name: see cstartup.c.
