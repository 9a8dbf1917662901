// Accepts whatever is in the backlog twice a millisecond and closes it: a server that costs the client next to nothing.
#include <arpa/inet.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

int main(void) {
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  struct sockaddr_in address = {.sin_family = AF_INET};
  socklen_t length = sizeof address;
  if (listener < 0 || bind(listener, (struct sockaddr *)&address, length) < 0 || listen(listener, 4096) < 0) return 1;
  getsockname(listener, (struct sockaddr *)&address, &length);
  printf("PORT %d\n", ntohs(address.sin_port));
  fflush(stdout);
  for (;;) {
    for (int conn; (conn = accept(listener, NULL, NULL)) >= 0;) close(conn);
    usleep(500);
  }
}
