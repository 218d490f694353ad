/* What people hand to the program as text: cards, invites, addresses, "key = value" lines. The
 * first byte says which; 'c' and 'i' take base64's content, so that the fuzzer reaches the
 * MessagePack. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "proto/id.h"
#include "store/files.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void as_card(struct bytes text)
{
    struct buffer scratch;
    struct buffer again;
    struct err err = {.text = ""};
    struct card *card = malloc(sizeof *card);
    assert(card != NULL);
    buffer_init(&scratch, 0);
    buffer_init(&again, 0);
    if (card_parse(text, &scratch, card, &err) == OK) {
        assert(card->address_count <= ADDRESSES_MAX);
        enum err_code code = card_write(&again, card);
        assert(code == OK);
    } else {
        assert(err.text[0] != '\0');
    }
    buffer_free(&scratch);
    buffer_free(&again);
    free(card);
}

static void as_invite(struct bytes text)
{
    struct buffer scratch;
    struct buffer again;
    struct err err = {.text = ""};
    struct invite *invite = malloc(sizeof *invite);
    assert(invite != NULL);
    buffer_init(&scratch, 0);
    buffer_init(&again, 0);
    if (invite_parse(text, &scratch, invite, &err) == OK) {
        assert(invite->contact_count <= INVITE_CONTACTS_MAX);
        enum err_code code = invite_write(&again, invite);
        assert(code == OK);
    } else {
        assert(err.text[0] != '\0');
    }
    buffer_free(&scratch);
    buffer_free(&again);
    free(invite);
}

static void packed(struct bytes bytes, const char *prefix, void (*take)(struct bytes text))
{
    size_t len = strlen(prefix);
    size_t room = len + (bytes.len + 2) / 3 * 4 + 1;
    char *text = malloc(room);
    assert(text != NULL);
    memcpy(text, prefix, len);
    base64_format(bytes, text + len, room - len);
    take(bytes_of_text(text));
    free(text);
}

static void as_lines(struct bytes text)
{
    struct setting setting = {.rest = text};
    const uint8_t *end = text.data + text.len;
    enum setting_result result;
    while ((result = setting_next(&setting)) != SETTING_END) {
        if (result == SETTING_READ) {
            assert(setting.key.data + setting.key.len <= end);
            assert(setting.value.len == 0 || setting.value.data + setting.value.len <= end);
        }
    }
}

static void as_address(struct bytes text)
{
    char host[ADDRESS_MAX_BYTES + 1] = "untouched";
    uint16_t port = 7;
    if (address_split(text, host, &port)) {
        assert(host[0] != '\0' && strlen(host) <= ADDRESS_MAX_BYTES);
        assert(address_is_valid(text) == (port != 0));
    } else {
        assert(strcmp(host, "untouched") == 0 && port == 7 && !address_is_valid(text));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    crypto_init();
    struct bytes rest = bytes_of(data + 1, size - 1);
    switch (data[0]) {
    case 'C':
        as_card(rest);
        break;
    case 'I':
        as_invite(rest);
        break;
    case 'c':
        packed(rest, "satcha-card-1:", as_card);
        break;
    case 'i':
        packed(rest, "satcha-invite-1:", as_invite);
        break;
    case 'a':
        as_address(rest);
        break;
    default:
        as_lines(rest);
        break;
    }
    return 0;
}
