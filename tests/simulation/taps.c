/* Linked with --wrap: whoever seals a frame or an envelope comes by here first. */
#include "tests/simulation/watch.h"

enum status __wrap_session_seal(struct arena *arena, struct session *session, struct bytes plain, struct bytes *out_frame);
enum status __real_session_seal(struct arena *arena, struct session *session, struct bytes plain, struct bytes *out_frame);
enum status __wrap_envelope_seal(struct arena *arena, const struct identity *sender, const struct id *organisation,
	const struct party *recipient, const struct envelope *envelope, struct bytes *out_sealed);
enum status __real_envelope_seal(struct arena *arena, const struct identity *sender, const struct id *organisation,
	const struct party *recipient, const struct envelope *envelope, struct bytes *out_sealed);

enum status __wrap_session_seal(struct arena *arena, struct session *session, struct bytes plain, struct bytes *out_frame)
{
	watch_session(session->id, plain);
	return __real_session_seal(arena, session, plain, out_frame);
}

enum status __wrap_envelope_seal(struct arena *arena, const struct identity *sender, const struct id *organisation,
	const struct party *recipient, const struct envelope *envelope, struct bytes *out_sealed)
{
	watch_envelope(&sender->id, &recipient->id, envelope->sections);
	return __real_envelope_seal(arena, sender, organisation, recipient, envelope, out_sealed);
}
