/* The queue of ledgers behind against a plain array, with tags that collide in its index. */
#include "tests/lib/cmocka.h"

#include <stdlib.h>
#include <string.h>

#include "proto/session_impl.h"
#include "tests/lib/prng.h"

enum { TAGS = 700, ROUNDS = 40000 };

/* Low bits are shared by many, so that runs of the index are long. */
static struct hash group_of(size_t number)
{
    struct hash group = {{(uint8_t)(number % 5), 0, (uint8_t)(number >> 8), (uint8_t)number}};

    return group;
}

static void check_all(const struct behind_queue *queue, const uint64_t *sizes)
{
    size_t count = 0;

    for (size_t i = 0; i < TAGS; i++) {
        struct hash group = group_of(i);
        struct behind *found = behind_find(queue, &group);

        assert_int_equal(found != NULL, sizes[i] > 0);
        if (found == NULL) {
            continue;
        }
        assert_int_equal(found->there.size, sizes[i]);
        count++;
    }
    assert_int_equal(queue->count, count);
}

static void test_against_an_array(void **state)
{
    struct behind_queue queue = {.count = 0};
    uint64_t *sizes = calloc(TAGS, sizeof *sizes);
    struct prng prng;

    (void)state;
    assert_non_null(sizes);
    prng_init(&prng, 11);
    for (unsigned round = 1; round <= ROUNDS; round++) {
        size_t number = (size_t)prng_below(&prng, TAGS);
        struct behind item = {.there = {.group = group_of(number), .size = round}};
        bool growing = round / 10000 % 2 == 0;

        if (prng_below(&prng, 10) < (growing ? 7U : 3U)) {
            assert_true(behind_put(&queue, &item));
            sizes[number] = round;
        } else {
            behind_remove(&queue, &item.there.group);
            sizes[number] = 0;
        }
        if (round % 500 == 0) {
            check_all(&queue, sizes);
        }
    }
    for (size_t i = 0; i < TAGS; i++) {
        struct hash group = group_of(i);

        behind_remove(&queue, &group);
    }
    assert_int_equal(queue.count, 0);
    assert_null(queue.items); /* an empty queue keeps no memory */
    free(sizes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_an_array),
    };

    return cmocka_run_group_tests_name("session_queue", tests, NULL, NULL);
}
