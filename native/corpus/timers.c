// Timers: setitimer of three kinds, timer_create with a signal and with a thread, alarm; how they are set is kept.
#include "corpus.h"

#include <pthread.h>
#include <sys/time.h>

static volatile sig_atomic_t real_ticks, own_ticks, last_value;
static volatile int notified;
static timer_t by_signal, by_thread, far, idle;

static void on_real(int signal) {
    (void)signal;
    real_ticks++;
}

static void on_own(int signal, siginfo_t *info, void *context) {
    (void)signal, (void)context;
    own_ticks++;
    last_value = info->si_value.sival_int;
}

static void notify(union sigval value) {
    notified += value.sival_int;
}

static void set_up(void) {
    struct itimerval every = {{0, 20000}, {0, 20000}}, away = {{0, 0}, {5000, 0}};
    struct itimerspec often = {{0, 20000000}, {0, 20000000}}, later = {{300, 0}, {5000, 0}};
    struct sigaction act = {.sa_sigaction = on_own, .sa_flags = SA_SIGINFO | SA_RESTART};
    struct sigevent signal_event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN + 1, .sigev_value.sival_int = 4711};
    struct sigevent thread_event = {.sigev_notify = SIGEV_THREAD, .sigev_value.sival_int = 1};
    struct sigevent none = {.sigev_notify = SIGEV_NONE};
    thread_event.sigev_notify_function = notify;
    struct sigaction real = {.sa_handler = on_real, .sa_flags = SA_RESTART};
    NEED(sigaction(SIGALRM, &real, NULL) == 0 && sigaction(SIGRTMIN + 1, &act, NULL) == 0);
    NEED(setitimer(ITIMER_REAL, &every, NULL) == 0 && setitimer(ITIMER_VIRTUAL, &away, NULL) == 0);
    NEED(timer_create(CLOCK_MONOTONIC, &none, &idle) == 0);
    NEED(timer_create(CLOCK_MONOTONIC, &signal_event, &by_signal) == 0 && timer_settime(by_signal, 0, &often, NULL) == 0);
    NEED(timer_create(CLOCK_MONOTONIC, &thread_event, &by_thread) == 0 && timer_settime(by_thread, 0, &often, NULL) == 0);
    NEED(timer_create(CLOCK_REALTIME, &none, &far) == 0 && timer_settime(far, 0, &later, NULL) == 0);
}

static void check(void) {
    struct itimerval every;
    struct itimerspec left;
    int real = real_ticks, own = own_ticks, noted = notified;
    sleep_ms(300);
    KEPT(real_ticks > real + 3);
    KEPT(own_ticks > own + 3);
    KEPT(last_value == 4711);
    KEPT(notified > noted + 3);
    KEPT(getitimer(ITIMER_REAL, &every) == 0 && every.it_interval.tv_usec == 20000);
    KEPT(getitimer(ITIMER_VIRTUAL, &every) == 0 && every.it_value.tv_sec > 4900 && every.it_value.tv_sec <= 5001);
    KEPT(timer_gettime(far, &left) == 0 && left.it_interval.tv_sec == 300);
    KEPT(left.it_value.tv_sec > 4800 && left.it_value.tv_sec <= 5000);
    KEPT(timer_gettime(idle, &left) == 0 && left.it_value.tv_sec == 0);
}

int main(void) {
    return corpus(set_up, check);
}
