// Part of drover-init, which makes a guest's network, and of the keeper, which makes it for a guest that comes from another
// node. All of it is made in the caller's own network namespace.
#pragma once
#include <stdbool.h>
#include <stdint.h>

/// Raises the loopback. False: the kernel refused (errno).
bool guestnet_raise_loopback(void);
/// Of devices that come later: else the kernel announces itself there, which would go through the daemon at each start. The
/// loopback keeps its address. False: it refused (errno), and not because nobody may change it here.
bool guestnet_keep_ipv6_off(void);
/// Turns an opened /dev/net/tun into the device of a job in its home's network, with the job's address and a default route.
/// Returns what failed (errno); NULL: nothing.
const char *guestnet_make_device(int tun, uint32_t address);
