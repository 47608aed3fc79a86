/* The kernel tests as a program: says what was running where one is killed, as by a read beyond a tensor. */
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

int32_t run_conformance(void);
const char *conformance_test_name(void);
int32_t conformance_test_number(void);

static void killed(int signal) {
  char line[256];
  const int length = snprintf(
    line, sizeof line, "%s #%d: ended by signal %d\n", conformance_test_name(), (int)conformance_test_number(), signal);
  if (write(STDERR_FILENO, line, (size_t)length) < 0) _exit(3);
  _exit(2);
}

int main(void) {
  const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE, SIGABRT};
  for (unsigned i = 0; i < sizeof signals / sizeof *signals; ++i) signal(signals[i], killed);
  setvbuf(stdout, NULL, _IOLBF, 0);
  return run_conformance();
}
