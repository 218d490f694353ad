/* The chart of accounts: the one table, and lookup by code through an index that the compiler
 * builds from the same rows, so that judging a posting costs no search. */
#include "proto/accounts.h"

#include <assert.h>
#include <stddef.h>

enum { CODE_FIRST = 1110, CODE_LAST = 5910 };

/* Shorter names for the flags, for this table alone. */
#define OWN 0
#define STAR ACCOUNT_INTERGROUP
#define CONTRA ACCOUNT_CONTRA
#define FLOOR ACCOUNT_NOT_NEGATIVE
#define REPORT ACCOUNT_REPORT_ONLY
#define MEMBER ACCOUNT_BY_MEMBER
#define PARTY ACCOUNT_BY_PARTY
#define SUB ACCOUNT_BY_SUB

#define CHART(X)                                                                                   \
    X(1110, ASSET, FLOOR, "เงินสดในมือ", "Cash in hand")                                             \
    X(1120, ASSET, FLOOR | SUB, "เงินฝากธนาคาร", "Bank")                                            \
    X(1130, ASSET, STAR | FLOOR, "เงินกองกลางที่ถือไว้", "Pool cash held")                              \
    X(1190, ASSET, REPORT, "เงินระหว่างทาง", "In transit")                                           \
    X(1210, ASSET, MEMBER | SUB, "ลูกหนี้เงินกู้สมาชิก", "Loans to members")                              \
    X(1220, ASSET, MEMBER | SUB, "ลูกหนี้ผ่อนที่ดินและบ้าน", "Land and house instalments")                 \
    X(1230, ASSET, MEMBER | SUB, "ลูกหนี้รับซื้อหนี้และไถ่ถอน", "Refinanced debts")                         \
    X(1290, ASSET, CONTRA, "ค่าเผื่อหนี้สงสัยจะสูญ", "Allowance for bad debts")                           \
    X(1310, ASSET, STAR, "เงินให้กู้กลุ่มอื่น", "Loans to groups")                                         \
    X(1320, ASSET, STAR, "ลูกหนี้การค้ากลุ่มอื่น", "Trade receivable from groups")                         \
    X(1330, ASSET, STAR, "เงินร่วมกองกลาง", "Stake in pools")                                        \
    X(1340, ASSET, STAR, "กองกลางให้กู้", "Pool loans made")                                          \
    X(1350, ASSET, STAR, "ลูกหนี้เดินสะพัดกลุ่มอื่น", "Current account, due from groups")                   \
    X(1360, ASSET, MEMBER | PARTY, "ลูกหนี้อื่น", "Other receivables")                                  \
    X(1410, ASSET, FLOOR, "สินค้าคงเหลือ", "Stock")                                                   \
    X(1415, ASSET, STAR | FLOOR, "สินค้าฝากขาย", "Consigned stock")                                  \
    X(1420, ASSET, FLOOR | SUB, "ที่ดินและบ้านรอจัดสรร", "Land and houses for members")                 \
    X(1510, ASSET, SUB, "ทรัพย์สินถาวร", "Fixed assets")                                              \
    X(1590, ASSET, CONTRA | SUB, "ค่าเสื่อมราคาสะสม", "Accumulated depreciation")                     \
    X(2110, LIABILITY, FLOOR | MEMBER, "เงินสัจจะสะสม", "Pledged savings")                           \
    X(2120, LIABILITY, FLOOR | MEMBER, "เงินฝากพิเศษ", "Deposits")                                   \
    X(2130, LIABILITY, MEMBER, "ปันผลและเฉลี่ยคืนค้างจ่าย", "Dividends payable")                         \
    X(2210, LIABILITY, PARTY | SUB, "เงินกู้ภายนอก", "Outside loans")                                 \
    X(2310, LIABILITY, STAR, "เงินกู้จากกลุ่มอื่น", "Loans from groups")                                  \
    X(2320, LIABILITY, STAR, "เจ้าหนี้การค้ากลุ่มอื่น", "Trade payable to groups")                         \
    X(2330, LIABILITY, STAR, "เงินสมทบค้างส่ง", "Levy payable")                                       \
    X(2340, LIABILITY, STAR, "เงินกองกลางของกลุ่มสมาชิก", "Pool funds held for groups")                \
    X(2345, LIABILITY, STAR, "ผลกองกลางรอจัดสรร", "Pool result not yet allocated")                  \
    X(2350, LIABILITY, STAR, "เงินกู้จากกองกลาง", "Loans from pools")                                 \
    X(2360, LIABILITY, STAR, "เจ้าหนี้เดินสะพัดกลุ่มอื่น", "Current account, due to groups")                \
    X(2410, LIABILITY, MEMBER | PARTY, "เจ้าหนี้อื่น", "Other payables")                                \
    X(2420, LIABILITY, MEMBER | SUB, "เงินประกัน", "Bonds held")                                     \
    X(2910, LIABILITY, MEMBER | SUB, "ส่วนลดรอตัดบัญชี", "Deferred discount")                          \
    X(3110, EQUITY, OWN, "ทุนจากรัฐ", "State capital")                                               \
    X(3120, EQUITY, MEMBER, "ทุนเรือนหุ้น", "Shares")                                                  \
    X(3210, EQUITY, OWN, "ทุนสำรอง", "Reserve")                                                     \
    X(3220, EQUITY, OWN, "กองทุนสวัสดิการ", "Welfare fund")                                           \
    X(3230, EQUITY, OWN, "กองทุนมีเงื่อนไข", "Restricted fund")                                        \
    X(3240, EQUITY, OWN, "กองทุนประกันความเสี่ยง", "Risk fund")                                        \
    X(3310, EQUITY, OWN, "กำไรสะสม", "Retained surplus")                                           \
    X(3900, EQUITY, OWN, "ยอดยกมา", "Opening balances")                                            \
    X(4110, REVENUE, OWN, "ดอกเบี้ยรับจากสมาชิก", "Interest from members")                             \
    X(4120, REVENUE, STAR, "ดอกเบี้ยรับจากกลุ่มอื่น", "Interest and penalties from groups")               \
    X(4130, REVENUE, OWN, "ดอกเบี้ยธนาคาร", "Bank interest")                                         \
    X(4140, REVENUE, OWN, "ค่าปรับและค่าธรรมเนียม", "Penalties and fees")                              \
    X(4190, REVENUE, OWN, "รายได้อื่น", "Other income")                                               \
    X(4210, REVENUE, OWN, "ขายสินค้าและบริการ", "Sales")                                              \
    X(4220, REVENUE, OWN, "กำไรจัดสรรที่ดิน", "Gain on land")                                          \
    X(4230, REVENUE, SUB, "ค่าเช่ารับ", "Rent received")                                              \
    X(4250, REVENUE, STAR, "ขายให้กลุ่มอื่น", "Sales to groups")                                        \
    X(4311, REVENUE, MEMBER, "สมทบจากสมาชิก", "Contributions from members")                         \
    X(4312, REVENUE, OWN, "สมทบจาก อปท.", "Contributions from local government")                   \
    X(4313, REVENUE, OWN, "สมทบจากรัฐ/พอช.", "Contributions from state/CODI")                       \
    X(4314, REVENUE, OWN, "สมทบจากเอกชน/เครือข่าย", "Contributions from firms and networks")         \
    X(4315, REVENUE, OWN, "บริจาค", "Donations")                                                    \
    X(4316, REVENUE, STAR, "ส่วนแบ่งและเงินสมทบจากกลุ่มอื่น", "Shares, levies, dues, grants from groups") \
    X(4910, REVENUE, STAR, "ได้รับปลดหนี้", "Debt forgiven to us")                                     \
    X(5110, EXPENSE, STAR, "ดอกเบี้ยจ่ายกลุ่มอื่น", "Interest and penalties to groups")                   \
    X(5120, EXPENSE, OWN, "ดอกเบี้ยจ่ายภายนอก", "Interest to outsiders")                              \
    X(5130, EXPENSE, OWN, "ดอกเบี้ยจ่ายสมาชิก", "Interest to members")                                 \
    X(5210, EXPENSE, OWN, "ต้นทุนขาย", "Cost of goods sold")                                         \
    X(5220, EXPENSE, OWN, "เงินอุดหนุนที่อยู่อาศัย", "Housing subsidy")                                    \
    X(5230, EXPENSE, SUB, "ค่าเช่าจ่าย", "Rent paid")                                                 \
    X(5240, EXPENSE, OWN, "ค่าบริหาร", "Administration")                                             \
    X(5310, EXPENSE, STAR, "ส่วนแบ่งและเงินสมทบจ่าย", "Shares, levies, dues, grants to groups")        \
    X(5320, EXPENSE, MEMBER | SUB, "สวัสดิการจ่าย", "Welfare benefits")                               \
    X(5410, EXPENSE, OWN, "หนี้สูญ", "Bad debts")                                                     \
    X(5420, EXPENSE, STAR, "ขาดทุนกองกลางและปลดหนี้ให้", "Pool losses and debts forgiven")             \
    X(5510, EXPENSE, OWN, "ค่าเสื่อมราคา", "Depreciation")                                            \
    X(5910, EXPENSE, OWN, "เศษสตางค์", "Rounding")

#define CHART_ROW(code, type, flags, name_th, name_en) \
    {code, ACCOUNT_##type, (flags), name_th, name_en},
static const struct account chart[] = {CHART(CHART_ROW)};

#define CHART_NUMBER(code, type, flags, name_th, name_en) ROW_##code,
enum { CHART(CHART_NUMBER) ROW_COUNT };
_Static_assert((int)ROW_COUNT <= (int)ACCOUNTS_MAX,
               "arrays with one element per account are too short");

/* Row number + 1 by code; 0 where there is no such account. */
#define CHART_INDEX(code, type, flags, name_th, name_en) [(code)-CODE_FIRST] = ROW_##code + 1,
static const uint8_t row_of_code[CODE_LAST - CODE_FIRST + 1] = {CHART(CHART_INDEX)};

unsigned account_count(void)
{
    return ROW_COUNT;
}

const struct account *account_at(unsigned row)
{
    return row < ROW_COUNT ? &chart[row] : NULL;
}

int account_row(uint64_t code)
{
    if (code < CODE_FIRST || code > CODE_LAST) {
        return -1;
    }
    return row_of_code[code - CODE_FIRST] - 1;
}

const struct account *account_find(uint64_t code)
{
    int row = account_row(code);
    return row < 0 ? NULL : &chart[row];
}

int account_normal_sign(const struct account *account)
{
    assert(account != NULL);
    bool by_debit = account->type == ACCOUNT_ASSET || account->type == ACCOUNT_EXPENSE;
    if ((account->flags & ACCOUNT_CONTRA) != 0) {
        by_debit = !by_debit;
    }
    return by_debit ? 1 : -1;
}

bool account_is_own(uint64_t code)
{
    const struct account *account = account_find(code);
    return account != NULL && (account->flags & (ACCOUNT_INTERGROUP | ACCOUNT_REPORT_ONLY)) == 0;
}
