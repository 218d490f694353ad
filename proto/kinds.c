/* The table of kinds. */
#include "proto/kinds.h"

#include "proto/rules_kinds.h"

enum { KIND_LAST = KIND_NOTE };

#define POSTS KIND_HAS_POSTS
#define BODY KIND_NEEDS_BODY
#define LATER KIND_NOT_YET
static const struct kind_row kinds[] = {
    {KIND_GENESIS, 0, "genesis", "ก่อตั้ง", rule_genesis},
    {KIND_AMEND, 0, "amend", "แก้ไขข้อมูลกลุ่ม", rule_amend},
    {KIND_ROSTER, 0, "roster", "ทะเบียนเครือข่าย", rule_roster},
    {KIND_MEMBER, 0, "member", "สมาชิก", rule_member},
    {KIND_CONTRACT, LATER, "contract", "สัญญา", NULL},
    {KIND_POST, POSTS | BODY, "post", "ลงบัญชี", rule_post},
    {KIND_REVERSE, POSTS, "reverse", "กลับรายการ", rule_reverse},
    {KIND_COUNT, LATER, "count", "ตรวจนับ", NULL},
    {KIND_CLOSE, POSTS | LATER, "close", "ปิดบัญชี", NULL},
    {KIND_PROPOSE, LATER, "propose", "เสนอ", NULL},
    {KIND_ANSWER, LATER, "answer", "ตอบ", NULL},
    {KIND_SEND, POSTS | LATER, "send", "ส่ง", NULL},
    {KIND_RECEIVE, POSTS | LATER, "receive", "รับ", NULL},
    {KIND_SETTLE, POSTS | LATER, "settle", "ปรับยอดระหว่างกลุ่ม", NULL},
    {KIND_DISPUTE, LATER, "dispute", "โต้แย้ง", NULL},
    {KIND_ATTEST, LATER, "attest", "รับรอง", NULL},
    {KIND_NOTE, 0, "note", "บันทึก", rule_note},
};
#undef POSTS
#undef BODY
#undef LATER

enum { KIND_ROWS = sizeof kinds / sizeof *kinds };

unsigned kind_count(void)
{
    return KIND_ROWS;
}

const struct kind_row *kind_at(unsigned row)
{
    return row < KIND_ROWS ? &kinds[row] : NULL;
}

const struct kind_row *kind_find(uint64_t kind)
{
    /* Row number + 1 by kind; 0 where there is no such kind. */
    static const uint8_t row_of_kind[KIND_LAST + 1] = {
        [KIND_GENESIS] = 1,  [KIND_AMEND] = 2,    [KIND_ROSTER] = 3,   [KIND_MEMBER] = 4,
        [KIND_CONTRACT] = 5, [KIND_POST] = 6,     [KIND_REVERSE] = 7,  [KIND_COUNT] = 8,
        [KIND_CLOSE] = 9,    [KIND_PROPOSE] = 10, [KIND_ANSWER] = 11,  [KIND_SEND] = 12,
        [KIND_RECEIVE] = 13, [KIND_SETTLE] = 14,  [KIND_DISPUTE] = 15, [KIND_ATTEST] = 16,
        [KIND_NOTE] = 17,
    };
    if (kind > KIND_LAST || row_of_kind[kind] == 0) {
        return NULL;
    }
    return &kinds[row_of_kind[kind] - 1];
}
