/* Either end of a session played by hand on a pair, to say what the real programs never say. */
#ifndef TRUCKROLL_TESTS_UNIT_PROTOCOL_SYNC_BY_HAND_H
#define TRUCKROLL_TESTS_UNIT_PROTOCOL_SYNC_BY_HAND_H

#include "protocol/sync/reply.h"
#include "protocol/wire/recon.h"
#include "tests/unit/protocol/sync/pair.h"

#define HAND_OPERATIONS_MAX 1300
#define HAND_WINDOWS        (HAND_OPERATIONS_MAX / WINDOW_LENGTH + 1)

/* What came back. */
struct hand_answer {
	bool answered; /* false: dropped, or not yet */
	bool dropped;
	bool has_fault;
	struct wire_fault fault;
	bool has_decided;
	struct decided decided; /* without the list */
	struct bytes message;   /* all of it, opened */
};

/* A device with the keys of a real one, which may be running beside it. */
struct hand_device {
	struct simulation *pair;
	unsigned number;
	struct id incarnation;
	struct identity identity;
	struct session session;
	struct common_ground ground; /* what hello and welcome said */
	bool short_forms;            /* it sends them */
	uint32_t revision;           /* of the schema, as it says */
	uint64_t connection;
	struct hand_answer answer;
	bool store_fails; /* the server's, at the next request */
	const struct references *references; /* of its batches; NULL: whole ids */
	uint8_t secrets[HAND_WINDOWS][WINDOW_SECRET_SIZE];
	struct operation operations[HAND_OPERATIONS_MAX];
	struct note_arguments notes[HAND_OPERATIONS_MAX];
	struct id first_ids[HAND_OPERATIONS_MAX]; /* nil: none */
	struct hash heads[HAND_OPERATIONS_MAX + 1];
	int64_t last_seq;
	struct arena arena;
};

/* Says hello and is welcomed. */
void hand_device_open(struct hand_device *hand, struct simulation *pair, unsigned number, uint8_t incarnation);
/* As a program of an earlier revision of the schema. */
void hand_device_open_as(struct hand_device *hand, struct simulation *pair, unsigned number, uint8_t incarnation, uint32_t revision);
void hand_device_close(struct hand_device *hand);
/* A technician's operation of that kind, its own in every respect, for the caller to change before it is sealed; its arguments
 * must live on. */
struct operation *hand_device_begin(struct hand_device *hand, enum operation_kind kind, const struct id *subject, const void *arguments);
/* The operation as it is now gets its place in the chain. Its id. */
struct id hand_device_end(struct hand_device *hand);
/* The two at once, for a remark. */
struct id hand_device_note(struct hand_device *hand, const struct id *order);
/* A sealed hello of that device as it stands. */
struct bytes hand_device_hello(struct hand_device *hand, struct ephemeral *out_ephemeral);
/* Hands the server the operations first..last in a frame of the session. `incarnation` is what the batch says. */
void hand_device_send_as(struct hand_device *hand, const struct id *incarnation, int64_t first, int64_t last);
void hand_device_send(struct hand_device *hand, int64_t first, int64_t last);
/* Hands the server what the device says of itself. */
void hand_device_tell(struct hand_device *hand, const char *what, const char *detail);
void hand_device_origin(struct hand_device *hand, const struct id *previous, int64_t shared_seq);
/* Hands the server a pull, or questions of a repair. */
void hand_device_pull(struct hand_device *hand, const struct pull *pull);
void hand_device_recon(struct hand_device *hand, const struct recon_request *request);
/* A frame of the session with one section as it stands, for the caller to send whenever it likes. */
struct bytes hand_device_seal(struct hand_device *hand, const struct section *section);
/* Hands the server one section as it stands. */
void hand_device_put(struct hand_device *hand, const struct section *section);
/* Closes the server's group of requests and opens what it answers to each of them. */
void hand_devices_flush(struct simulation *pair, struct hand_device *const *hands, size_t count);

/* A server with the real one's keys, for one device; what it does not answer, the real one gets. */
struct hand_server {
	struct simulation *pair;
	unsigned number;
	struct identity identity;
	struct session session;
	bool by_hello; /* the request was a hello */
	uint8_t hello_ephemeral[BOX_PUBLIC_SIZE];
	uint8_t answered[BOX_PUBLIC_SIZE]; /* the hello's own */
	struct hello hello;
	struct common_ground ground; /* the hello's, and the epoch that the welcome says */
	int64_t revision;            /* of the schema, as the welcome says; 0: this program's */
	bool has_batch;
	struct section batch; /* the latest */
	bool has_pull;
	bool brief; /* the latest batch or pull came in its short form */
	struct pull pull;
	struct reply reply; /* to be filled */
	size_t page_raw_max;
	struct arena arena;
};

/* Takes the device's next request away from the real server and opens it. */
void hand_server_take(struct hand_server *hand, struct simulation *pair, unsigned number);
/* A welcome that agrees with the hello. */
void hand_server_welcome(struct hand_server *hand);
/* Seals the reply and gives it to the device. */
void hand_server_answer(struct hand_server *hand);
void hand_server_close(struct hand_server *hand);

#endif
