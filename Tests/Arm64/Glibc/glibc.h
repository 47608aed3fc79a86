/* What the kernel tests take of the C library, by the name that it has on Linux. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
