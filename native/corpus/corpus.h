// The corpus: small programs, one for each feature that a guest can have, which are moved while they run.
// Process: a guest. bench/corpus starts it and talks with it over its stdin and stdout: "ready" when its feature is set up;
// then for each line that comes, which it does after each move, "kept", or "lost: " and what.
#pragma once
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/// How often the program was looked at before; it was moved once more often.
extern int looks;

/// What a program's main is: sets up, then checks for each line of stdin, until there is none. Returns the exit status.
int corpus(void (*set_up)(void), void (*check)(void));

/// Says what was lost in the move, and ends all. From any thread or child.
_Noreturn void lost(const char *format, ...) __attribute__((format(printf, 1, 2)));

/// Says what this machine or user cannot have, and ends.
_Noreturn void without(const char *what);

_Noreturn void not_kept(const char *file, int line, const char *what);
_Noreturn void not_set_up(const char *file, int line, const char *what);

/// A step before the move.
#define NEED(holds) ((holds) ? (void)0 : not_set_up(__FILE__, __LINE__, #holds))
/// What must hold after it.
#define KEPT(holds) ((holds) ? (void)0 : not_kept(strrchr("/" __FILE__, '/') + 1, __LINE__, #holds))

/// A child that runs this and ends; it dies with its parent.
pid_t child(void (*run)(void *), void *with);

void sleep_ms(int ms);

/// CLOCK_MONOTONIC
int64_t now_ms(void);

/// A byte that depends on place and seed, for content that can be looked at again.
unsigned char content(size_t at, unsigned seed);
void fill(void *memory, size_t length, unsigned seed);
bool is_filled(const void *memory, size_t length, unsigned seed);
/// All of it written, from where the descriptor stands.
bool write_content(int fd, size_t length, unsigned seed);
/// Exactly this comes next.
bool reads(int fd, const char *text);
bool writes(int fd, const char *text);
