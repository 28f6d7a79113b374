/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Pinning: an application names the member that a packet is to leave through.
 *
 *     struct braid_pin pin;
 *     braid_pin_lookup(&pin);                  // once
 *     braid_pinning_set(bond, 1);              // or devarg pinning=1
 *     braid_pin_packet(&pin, mbuf, member_id); // before rte_eth_tx_burst() on the bond
 *
 * A member id and a flag in the mbuf, both of them dynamic (rte_mbuf_dyn.h), so that any component of the process finds them
 * by their names. The flag is needed because nobody clears dynamic fields when an mbuf is used anew; flags are cleared.
 * What is pinned is the packet, not its flow: whoever pins only some packets of a flow may see them overtake the others.
 */
#ifndef BRAID_PIN_H
#define BRAID_PIN_H

#include <rte_mbuf.h>
#include <rte_mbuf_dyn.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Name of the dynamic field: a uint32_t, the member's id. */
#define BRAID_PIN_FIELD "net_braid_dynfield_pin"

/** Name of the dynamic flag: the field counts. */
#define BRAID_PIN_FLAG "net_braid_dynflag_pinned"

/** Where in an mbuf they are; the same for all bonds of the process. */
struct braid_pin {
	uint64_t flag; /**< Of mbuf->ol_flags. */
	int offset;    /**< Of the member's id, in bytes from the start of the mbuf. */
};

/**
 * Tells where, and reserves both if nobody has. Any thread of the primary process, once EAL is initialised.
 * @return 0, or a negative errno: -ENOENT or -ENOSPC no room is left in the mbuf; braid_error_text() says more.
 */
int braid_pin_lookup(struct braid_pin *pin);

/**
 * Names the member that the packet is to leave through. If that may not transmit when the packet is sent, if it has left the
 * bond, or while the bond's `pinning` is 0, the packet goes where it would have gone unpinned; but for the last, xstat
 * tx_pin_missed counts it. In BRAID_MODE_ACTIVE_BACKUP a backup whose link is usable may be named as well.
 */
static inline void braid_pin_packet(const struct braid_pin *pin, struct rte_mbuf *packet, uint32_t member_id)
{
	*RTE_MBUF_DYNFIELD(packet, pin->offset, uint32_t *) = member_id;
	packet->ol_flags |= pin->flag;
}

/** Takes it back. */
static inline void braid_unpin_packet(const struct braid_pin *pin, struct rte_mbuf *packet)
{
	packet->ol_flags &= ~pin->flag;
}

#ifdef __cplusplus
}
#endif

#endif /* BRAID_PIN_H */
