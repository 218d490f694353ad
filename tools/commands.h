/* The renderers and own functions that the table's rows name. */
#ifndef SATCHA_TOOLS_COMMANDS_H
#define SATCHA_TOOLS_COMMANDS_H

#include "tools/command.h"

#define RENDERER(name)                                                                    \
    enum err_code name(const struct invocation *invocation, const msgpack_object *result, \
                       struct err *err)

/* render_node.c */
RENDERER(render_id);
RENDERER(render_status);
RENDERER(render_doctor);
RENDERER(render_rebuilt);
RENDERER(render_done);
RENDERER(render_words);
/* render_network.c */
RENDERER(render_joined);
RENDERER(render_network);
RENDERER(render_peer_list);
RENDERER(render_peers);
RENDERER(render_ping);
RENDERER(render_groups);
RENDERER(render_why);
/* render_books.c */
RENDERER(render_written);
RENDERER(render_posted);
RENDERER(render_members);
RENDERER(render_balance);
RENDERER(render_events);
RENDERER(render_accounts);
/* render_evidence.c */
RENDERER(render_card);
RENDERER(render_invite);
RENDERER(render_text);
RENDERER(render_proof);
/* render_audit.c */
RENDERER(render_audit);

enum err_code command_init(const struct invocation *invocation, struct err *err);
enum err_code command_found(const struct invocation *invocation, struct err *err);
enum err_code command_import(const struct invocation *invocation, struct err *err);
enum err_code command_log(const struct invocation *invocation, struct err *err);
enum err_code command_lines(const struct invocation *invocation, struct err *err);
enum err_code command_verify(const struct invocation *invocation, struct err *err);
enum err_code command_completion(const struct invocation *invocation, struct err *err);

#endif
