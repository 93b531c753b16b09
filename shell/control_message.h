/* Bytes of the control socket: its address, requests and replies as JSON behind a length. */
#ifndef TRUCKROLL_SHELL_CONTROL_MESSAGE_H
#define TRUCKROLL_SHELL_CONTROL_MESSAGE_H

#include <sys/socket.h>
#include <sys/un.h>

#include "protocol/base/buffer.h"
#include "shell/control.h"

#define CONTROL_HEAD_SIZE 4

/* The address of DIR/sock. A path too long for a socket goes by way of an open directory: *out_descriptor is then to be closed
 * after use, else -1. STATUS_NOT_FOUND, STATUS_CANNOT_WRITE. */
enum status control_address(const char *dir, struct sockaddr_un *out_address, int *out_descriptor);

/* Length and body. STATUS_INVALID when it is too large or a word is no UTF-8. */
enum status control_request_encode(struct arena *arena, const struct control_request *request, struct bytes *out_bytes);
/* The body alone; STATUS_INVALID names what is wrong with it. */
enum status control_request_decode(struct arena *arena, struct bytes body, struct control_request *out_request);

/* Length and body; never fails: an output too large is cut, and says so. */
struct bytes control_reply_encode(struct arena *arena, const struct control_reply *reply);
/* STATUS_CORRUPT. */
enum status control_reply_decode(struct arena *arena, struct bytes body, struct control_reply *out_reply);

#endif
