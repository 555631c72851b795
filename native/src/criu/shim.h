// Part of drover-criu.so.
#pragma once

#define EXPORTED __attribute__((visibility("default")))

/// The same call in the next library; without it CRIU cannot go on.
void *next(const char *name);
