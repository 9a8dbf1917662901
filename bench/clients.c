/* The clients of the idle bench: opens many connections, then holds them until standard input ends.
 *
 *   clients PORT COUNT BYTES
 *
 * With BYTES above 0 each connection first sends one message of that size and waits for its echo. Source addresses
 * change every 5,000 connections, so that no round runs out of ports. Prints "READY n". */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PER_SOURCE = 5000, MAX_BYTES = 65536, PACE = 64 };

static char message[MAX_BYTES];

static void die(const char *what) {
	perror(what);
	exit(1);
}

static void exchange(int fd, size_t bytes) {
	static char echo[MAX_BYTES];
	for (size_t done = 0; done < bytes;) {
		ssize_t w = send(fd, message + done, bytes - done, MSG_NOSIGNAL);
		if (w < 0) die("send");
		done += w;
	}
	for (size_t got = 0; got < bytes;) {
		ssize_t r = recv(fd, echo + got, bytes - got, 0);
		if (r < 0) die("recv");
		if (r == 0) {
			fprintf(stderr, "clients: the server closed a connection\n");
			exit(1);
		}
		got += r;
	}
	if (memcmp(message, echo, bytes)) {
		fprintf(stderr, "clients: a wrong echo\n");
		exit(1);
	}
}

int main(int argc, char **argv) {
	if (argc != 4) return fprintf(stderr, "usage: clients PORT COUNT BYTES\n"), 2;
	int port = atoi(argv[1]), count = atoi(argv[2]), one = 1;
	size_t bytes = strtoul(argv[3], NULL, 10);
	if (bytes > MAX_BYTES) return fprintf(stderr, "clients: at most %d bytes\n", MAX_BYTES), 2;
	memset(message, 'm', sizeof message);
	struct rlimit files;
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);

	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	for (int i = 0; i < count; i++) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (fd < 0) die("socket");
		struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000002 + i / PER_SOURCE)};
		setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
		if (bind(fd, (struct sockaddr *)&from, sizeof from) < 0) die("bind");
		if (connect(fd, (struct sockaddr *)&to, sizeof to) < 0) die("connect");
		if (bytes > 0) exchange(fd, bytes);
		else if (i % PACE == PACE - 1) usleep(4000); /* a full backlog would cost a second each time */
	}
	printf("READY %d\n", count);
	fflush(stdout);
	char end;
	while (read(0, &end, 1) > 0) {
	}
	return 0;
}
