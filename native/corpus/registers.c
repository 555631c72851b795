// Registers, those of the vector units too: a calculation that never stops is right however often it is moved.
#include "corpus.h"

#include <pthread.h>

static volatile bool stop;
static volatile long rounds;

/// Sums in as many registers as the compiler finds; each round has the same result.
static double sum_up(void) {
    double a = 1, b = 2, c = 3, d = 4, e = 5, f = 6, g = 7, h = 8;
    long i1 = 1, i2 = 2, i3 = 3;
    for (int i = 0; i < 20000; i++) {
        a += b * 1e-3, b += c * 1e-3, c += d * 1e-3, d += e * 1e-3, e += f * 1e-3, f += g * 1e-3, g += h * 1e-3, h += 1e-3;
        i1 += i2 ^ i, i2 += i3 * 3, i3 = (i3 << 1) ^ i1;
    }
    return a + b + c + d + e + f + g + h + (double)(i1 ^ i2 ^ i3);
}

static void *calculate(void *with) {
    double expected = sum_up();
    while (!stop) {
        double found = sum_up();
        if (memcmp(&found, &expected, sizeof found) != 0)
            lost("round %ld: %a is not %a", rounds, found, expected);
        rounds++;
        if (rounds % 64 == 0)
            sleep_ms(5); // others want to calculate, too
    }
    return with;
}

static void set_up(void) {
    static pthread_t threads[2];
    for (int i = 0; i < 2; i++)
        NEED(pthread_create(&threads[i], NULL, calculate, NULL) == 0);
}

static void check(void) {
    long before = rounds;
    sleep_ms(300);
    KEPT(rounds > before);
}

int main(void) {
    return corpus(set_up, check);
}
