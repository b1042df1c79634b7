// clblast-null-queue: CLBlast's C interface takes a pointer to the queue and does not look at it.
// A status is expected for NULL; CLBlast 1.5.3 ends the process. A pointer to NULL is an error.
#define CL_TARGET_OPENCL_VERSION 120
#include <clblast_c.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static CLBlastStatusCode multiply(cl_command_queue *queue) {
  return CLBlastSgemm(CLBlastLayoutRowMajor, CLBlastTransposeNo, CLBlastTransposeNo, 8, 8, 8, 1,
                      NULL, 0, 8, NULL, 0, 8, 0, NULL, 0, 8, queue, NULL);
}

int main(void) {
  cl_command_queue none = NULL;
  printf("a pointer to NULL: expected a status other than 0, found %d\n", multiply(&none));
  fflush(stdout);
  if (fork() == 0) {
    printf("NULL: expected a status other than 0, found %d\n", multiply(NULL));
    return 0;
  }
  int status;
  wait(&status);
  if (WIFEXITED(status)) return WEXITSTATUS(status);
  printf("NULL: expected a status other than 0, found signal %d\n", WTERMSIG(status));
  return 1;
}
