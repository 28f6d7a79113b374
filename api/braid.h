/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Control of net_braid bonds from a DPDK application, in C or C++.
 *
 * A bond is an ethdev port: it is configured, started, polled, stopped and closed with rte_ethdev.h. What is declared here
 * is what ethdev has no call for: the members, their names, the mode.
 *
 * Unless a function says otherwise:
 *  - It may be called from any thread at any time, also while other threads send and receive on the bond, but not
 *    from inside a burst function or an RCU read section. Calls on one bond are carried out one after the other.
 *  - It returns 0 or a negative errno. On failure nothing has changed, one line with the reason has been logged, and
 *    braid_error_text() gives that line. -ENODEV: the port is not a net_braid bond, or it is being closed.
 *  - Strings are copied; structures stay the caller's.
 *  - A structure that carries its own `size` is set up as `struct braid_x x = { .size = sizeof(x) };`, so that it can grow
 *    without breaking programs built against a smaller one.
 */
#ifndef BRAID_H
#define BRAID_H

#include <stddef.h>
#include <stdint.h>

/** @cond */
/* What enums are in C anyway. Without it C++ has no place for a number that is none of their values: one of a later release, or a
   slip of the caller, which the functions answer with -EINVAL. */
#ifdef __cplusplus
#define BRAID_UNSIGNED : unsigned int
#else
#define BRAID_UNSIGNED
#endif
/** @endcond */

#ifdef __cplusplus
extern "C" {
#endif

/** Most members one bond can have. */
#define BRAID_MAX_MEMBERS 64

/** Parts into which BRAID_MODE_BALANCE puts all flows; a flow's hash chooses the part, and a part belongs to one member. */
#define BRAID_BUCKETS 4096

/** Room for a member's name or device name, with the terminating NUL, in bytes. */
#define BRAID_NAME_SIZE 64

/** How a bond uses its members. The numbers are those of rte_eth_bond.h and of Linux bonding. */
enum braid_mode BRAID_UNSIGNED {
	BRAID_MODE_ROUND_ROBIN = 0,   /**< Each packet to the next member. Reorders flows. */
	BRAID_MODE_ACTIVE_BACKUP = 1, /**< One member carries everything, the others wait. */
	BRAID_MODE_BALANCE = 2,       /**< A hash of the headers chooses: a flow stays on one member. */
	BRAID_MODE_BROADCAST = 3,     /**< Every member sends every packet. */
};

/** What chooses the member in BRAID_MODE_BALANCE: header fields, unless it says otherwise. */
enum braid_policy BRAID_UNSIGNED {
	BRAID_POLICY_L2 = 0,  /**< MAC addresses and EtherType. */
	BRAID_POLICY_L23 = 1, /**< The same and IP addresses. */
	BRAID_POLICY_L34 = 2, /**< IP addresses and TCP, UDP or SCTP ports; fragments without ports. */
	/**
	 * mbuf->hash.rss of packets with RTE_MBUF_F_RX_RSS_HASH, whatever became of their headers since they were received;
	 * of others, as L34. An application that puts something else in mbuf->hash has to clear the flag.
	 */
	BRAID_POLICY_FLOW = 3,
	/** As L23, with the IP addresses of the innermost packet that can be read: docs/devargs.md says through what. */
	BRAID_POLICY_ENCAP23 = 4,
	BRAID_POLICY_ENCAP34 = 5, /**< As L34, of the innermost packet that can be read. */
	BRAID_POLICY_VLAN_SRCMAC = 6, /**< Outermost VLAN and source MAC address. */
	BRAID_POLICY_L2_SYM = 7,      /**< As L2; here and below both directions of a connection have one key. */
	BRAID_POLICY_L23_SYM = 8,     /**< As L23. */
	BRAID_POLICY_L34_SYM = 9,     /**< As L34. */
	BRAID_POLICY_ENCAP23_SYM = 10, /**< As ENCAP23. */
	BRAID_POLICY_ENCAP34_SYM = 11, /**< As ENCAP34, without what a tunnel says of one direction only. */
};

/** Which MAC address each member has in BRAID_MODE_ACTIVE_BACKUP. The numbers are those of Linux's fail_over_mac. */
enum braid_mac_policy BRAID_UNSIGNED {
	BRAID_MAC_SAME = 0,      /**< The bond's. In every other mode all members have it. */
	BRAID_MAC_BY_ACTIVE = 1, /**< Its own; the bond's address is the active member's. */
	BRAID_MAC_FOLLOW = 2,    /**< The active one the bond's, every other its own: no two members have one address. */
};

/** What the bond has of a member. */
enum braid_member_state BRAID_UNSIGNED {
	BRAID_MEMBER_PENDING = 0, /**< Wanted, but its device does not exist now. */
	BRAID_MEMBER_CLAIMED = 1, /**< Owned by the bond, which is not started. */
	BRAID_MEMBER_RUNNING = 2, /**< Started; transmits if its link and the mode allow. */
	BRAID_MEMBER_LEAVING = 3, /**< Being removed: only what it has received is still delivered. */
};

/** Why a member does not transmit. */
enum braid_why_not BRAID_UNSIGNED {
	BRAID_WHY_NOT_NONE = 0,        /**< It transmits. */
	BRAID_WHY_NOT_LINK_DOWN = 1,   /**< Its link is down, longer than down_delay. */
	BRAID_WHY_NOT_UP_DELAY = 2,    /**< Its link is up, but not yet for long enough. */
	BRAID_WHY_NOT_STANDBY = 3,     /**< Active-backup: another member is active. */
	BRAID_WHY_NOT_STOPPED = 4,     /**< The bond is not started. */
	BRAID_WHY_NOT_MIN_LINKS = 5,   /**< Fewer members are usable than braid_min_links_set() asks for. */
	BRAID_WHY_NOT_DISABLED = 6,    /**< By braid_member_enabled_set(). */
	BRAID_WHY_NOT_DRAINING = 7,    /**< It is being removed. */
	BRAID_WHY_NOT_PENDING = 8,     /**< Its device does not exist. */
	BRAID_WHY_NOT_REFUSED = 9,     /**< Its device exists and could not join: see refused_step. */
};

/** What an operator has made of a member. At most one member of a bond has each role but NONE. */
enum braid_role BRAID_UNSIGNED {
	BRAID_ROLE_NONE = 0,
	BRAID_ROLE_PRIMARY = 1, /**< Active-backup prefers it, as enum braid_primary_reselect says. */
	BRAID_ROLE_STANDBY = 2, /**< Active in active-backup only while no other member can be. */
};

/** When a primary that is usable again takes over from an active member that works. */
enum braid_primary_reselect BRAID_UNSIGNED {
	BRAID_PRIMARY_RESELECT_ALWAYS = 0,  /**< At once. */
	BRAID_PRIMARY_RESELECT_BETTER = 1,  /**< If it is faster, or as fast and full duplex where the other is not. */
	BRAID_PRIMARY_RESELECT_FAILURE = 2, /**< When the active one fails. */
};

/** What a member of BRAID_MODE_BALANCE or BRAID_MODE_ROUND_ROBIN weighs. */
enum braid_weights BRAID_UNSIGNED {
	BRAID_WEIGHTS_OPTION = 0, /**< Its option weight, 1 at first. */
	BRAID_WEIGHTS_SPEED = 1,  /**< The same times the speed of its link; unknown speed: that of the slowest known. */
};

/** Value of port_id of a member that is pending. */
#define BRAID_NO_PORT UINT16_MAX

/** Identity of no member. */
#define BRAID_NO_MEMBER 0u

/** Options of braid_member_add(). Zeros are the defaults. All but the name can be changed later. */
struct braid_member_options {
	size_t size;      /**< sizeof(struct braid_member_options) */
	const char *name; /**< Name to give. NULL: of a member with a role "<bond>npri" or "<bond>nsby", if that is free; else
	                       what braid_member_name_set() says; else the device's name, with '_' for bytes a name may not hold. */
	enum braid_role role; /**< As braid_member_role_set(). */
	int32_t priority;     /**< As braid_member_priority_set(). */
	uint8_t sticky;       /**< As braid_member_sticky_set(): 0 or 1. */
	uint8_t disabled;     /**< The contrary of braid_member_enabled_set(): 0 or 1. */
	uint32_t weight;      /**< As braid_member_weight_set(); 0: 1. */
};

/** Room for the sentence that says why a device was refused, with the terminating NUL, in bytes. */
#define BRAID_SENTENCE_SIZE 256

/** Room for the word for a step of joining, with the terminating NUL, in bytes. */
#define BRAID_STEP_SIZE 32

/** What braid_member_info_get() tells. */
struct braid_member_info {
	size_t size; /**< Set by the caller: sizeof(struct braid_member_info) */
	uint32_t id; /**< Never used for another member while the bond lives. */
	uint16_t port_id; /**< Of the ethdev, or BRAID_NO_PORT. */
	uint8_t link_up;  /**< What the port last said, before any delay. */
	uint8_t is_primary; /**< The operator prefers it (a wish). */
	uint8_t is_active; /**< Transmits now, as far as the mode has its way. */
	enum braid_member_state state; /**< What the bond has of it. */
	enum braid_why_not why_not;    /**< Why it does not transmit. */
	uint32_t link_speed_mbps;      /**< While its link was last up; 0: unknown. */
	uint32_t delay_remaining_ms;   /**< Of an up or down delay that runs; else 0. */
	uint64_t link_failures;        /**< Usable links lost since the member joined. */
	char name[BRAID_NAME_SIZE];    /**< The operator's label. */
	char device[BRAID_NAME_SIZE];  /**< ethdev name, or the wanted device's while pending. */
	enum braid_role role; /**< As braid_member_role_set(). */
	int32_t priority;     /**< As braid_member_priority_set(). */
	uint8_t sticky;       /**< As braid_member_sticky_set(). */
	uint8_t enabled;      /**< As braid_member_enabled_set(). */
	uint64_t why_not_ms;  /**< For how long it has not transmitted for this reason; 0 while it transmits. */
	int32_t refused_errno;                      /**< Of the last attempt to join, until one succeeds; positive, 0: none. */
	char refused_step[BRAID_STEP_SIZE];         /**< In which step it failed: "claim", "configure", ...; docs/failover.md. */
	char refused_reason[BRAID_SENTENCE_SIZE];   /**< The same for people. */
	uint8_t mac[6];    /**< The address its port has; zeros while pending. */
	uint8_t announces; /**< It has a transmit queue for announcements. */
	uint32_t weight;  /**< As braid_member_weight_set(). */
	uint32_t buckets; /**< Of BRAID_BUCKETS, how many it has now in BRAID_MODE_BALANCE; else 0. */
	uint8_t is_polled; /**< Bursts ask it for packets, or one that began before may still be in it. Not while the bond is stopped,
	                        and not if its link has been down for 100 ms and for longer than down_delay, unless it is being
	                        removed. */
};

/** What braid_info_get() tells. */
struct braid_info {
	size_t size; /**< Set by the caller: sizeof(struct braid_info) */
	enum braid_mode mode;     /**< Present mode. */
	enum braid_policy policy; /**< Counts in mode balance only. */
	uint32_t primary; /**< Id, or BRAID_NO_MEMBER. */
	uint32_t active;  /**< Active-backup: id of the member that transmits, or BRAID_NO_MEMBER. */
	uint32_t up_delay_ms;        /**< As braid_delays_set(). */
	uint32_t down_delay_ms;      /**< As braid_delays_set(). */
	uint32_t lsc_poll_period_ms; /**< How often each link is looked at, besides LSC. */
	uint32_t members; /**< Also those pending. */
	uint32_t usable;  /**< Members that can transmit; while they are fewer than min_links, none does. */
	uint64_t generation; /**< Counts the changes of what bursts see. */
	uint32_t standby;    /**< Id, or BRAID_NO_MEMBER. */
	enum braid_primary_reselect primary_reselect; /**< As braid_primary_reselect_set(). */
	uint32_t min_links;         /**< As braid_min_links_set(). */
	uint8_t all_members_active; /**< As braid_all_members_active_set(). */
	uint8_t live_rename;     /**< As braid_live_rename_set(). */
	uint8_t lsc_on_failover; /**< As braid_lsc_on_failover_set(). */
	char member_name[BRAID_NAME_SIZE]; /**< As braid_member_name_set(); "" without a template. */
	uint64_t next_event;  /**< Number of the next event. */
	uint64_t events_lost; /**< Events that listeners were too slow for. */
	uint64_t publish_last_ns;    /**< What the last such change took, from the lock to the one store that bursts see. */
	uint64_t publish_longest_ns; /**< The longest of all. */
	/**
	 * Old states of all bonds of the process that are kept because a burst may still read them. Above 8192 every call that
	 * changes a bond first waits for the bursts that run, and a link that comes back waits for a later poll.
	 */
	uint64_t retired;
	enum braid_mac_policy mac_policy; /**< As braid_mac_policy_set(). */
	uint8_t mac[6]; /**< Its address, as rte_eth_macaddr_get() tells it. */
	uint32_t announce;             /**< As braid_announce_set(). */
	uint32_t announce_interval_ms; /**< As braid_announce_set(). */
	enum braid_weights weights; /**< As braid_weights_set(). */
	uint8_t pinning;            /**< As braid_pinning_set(). */
	char primary_awaited[BRAID_NAME_SIZE]; /**< What devarg primary stands for until such a member joins; "": nobody. */
};

/** Most rules by which ports join one bond. */
#define BRAID_MAX_RULES 16

/** Room for such a rule, with the terminating NUL, in bytes. */
#define BRAID_RULE_SIZE 72

/** A rule as braid_auto_get() copies it. */
struct braid_auto_rule {
	size_t size; /**< Set by the caller in the first element: sizeof(struct braid_auto_rule) */
	char rule[BRAID_RULE_SIZE]; /**< As braid_auto_add() was given it. */
};

/** Most addresses that one bond announces. */
#define BRAID_MAX_ADDRESSES 64

/** An address that the bond has seen itself send from, as braid_addresses_get() copies it. */
struct braid_address {
	size_t size; /**< Set by the caller in the first element: sizeof(struct braid_address) */
	uint8_t ip_version;  /**< 4 or 6. */
	uint8_t vlan_count;  /**< VLAN tags that its packets had, 0 to 2. */
	uint8_t is_claimed;  /**< 1: by ARP or neighbour discovery; 0: an IP packet came from it. */
	uint8_t mac[6];      /**< It is announced with this MAC address. */
	uint8_t ip[16];      /**< As in the packet; of IPv4 the first 4 bytes. */
	uint16_t vlan_id[2]; /**< Of the tags, the outermost first. */
	uint64_t age_ms;     /**< Since it was last seen. */
};

/** What an event is about. */
enum braid_event_kind BRAID_UNSIGNED {
	BRAID_EVENT_MEMBER_ADDED = 0,    /**< Its device is the bond's now; a pending member has it when it appears. */
	BRAID_EVENT_MEMBER_REMOVED = 1,  /**< By an administrator, or to make room; `reason` tells what was left behind. */
	BRAID_EVENT_MEMBER_LOST = 2,     /**< Its device vanished; it is pending. */
	BRAID_EVENT_MEMBER_RENAMED = 3,  /**< old_name is what it was called before. */
	BRAID_EVENT_MEMBER_USABLE = 4,   /**< It may transmit. */
	BRAID_EVENT_MEMBER_UNUSABLE = 5, /**< It may not transmit any more; `reason` is one word, as /braid/show's why_not. */
	BRAID_EVENT_ACTIVE_CHANGED = 6,  /**< Active-backup, also when it begins; id is BRAID_NO_MEMBER when there is none. */
	BRAID_EVENT_MODE_CHANGED = 7,    /**< Mode or policy. */
	BRAID_EVENT_LINK_UP = 8,         /**< Of the bond: as many members as min_links asks for, at least one, are usable. */
	BRAID_EVENT_LINK_DOWN = 9,       /**< Of the bond: fewer are. */
	/** A pending member, or without an id a port that a rule means, appeared and could not join; `reason` says why. */
	BRAID_EVENT_ATTACH_FAILED = 10,
	BRAID_EVENT_EVENTS_LOST = 11,    /**< Told to listeners only: they were too slow, `reason` says for how many. */
	BRAID_EVENT_MAC_CHANGED = 12,    /**< BRAID_MAC_BY_ACTIVE: the bond has the address of its new active member. Without a
	                                      member: of all, when that ended during a failover. */
	BRAID_EVENT_MAC_FAILED = 13,     /**< After a failover the member kept the address it had; `reason` says why. */
	/** An option of the member, or without one of the bond, has another value: `reason` is "key=value" as in the devargs. */
	BRAID_EVENT_OPTION_CHANGED = 14,
	/** A member was added whose device is not there: it joins when it appears. `reason` is "member=<device>". */
	BRAID_EVENT_MEMBER_WANTED = 15,
};

/** One thing that happened. Valid only during the callback; later releases may append fields. */
struct braid_event {
	size_t size; /**< sizeof the structure the library was built with. */
	enum braid_event_kind kind; /**< What happened. */
	uint32_t member_id;   /**< BRAID_NO_MEMBER when the event is about the bond. */
	uint64_t time_ns;     /**< CLOCK_MONOTONIC, when it happened. */
	uint64_t generation;  /**< Of the snapshot in which it shows. */
	const char *name;     /**< Of the member, after the event; "" without one. */
	const char *old_name; /**< Only of MEMBER_RENAMED; else "". */
	const char *reason;   /**< One sentence, or "". */
	uint64_t number;      /**< Counts the bond's events from 0; of EVENTS_LOST that of the last one lost. */
};

/** Room for a sentence of an event, with the terminating NUL, in bytes. */
#define BRAID_REASON_SIZE 256

/** An event as braid_events_read() copies it. The fields mean what those of struct braid_event mean. */
struct braid_event_record {
	size_t size; /**< Set by the caller in the first element: sizeof(struct braid_event_record) */
	enum braid_event_kind kind; /**< What happened. */
	uint32_t member_id;         /**< BRAID_NO_MEMBER when the event is about the bond. */
	uint64_t number;            /**< Counts the bond's events from 0. */
	uint64_t time_ns;           /**< CLOCK_MONOTONIC, when it happened. */
	uint64_t generation;        /**< Of the snapshot in which it shows. */
	char name[BRAID_NAME_SIZE];     /**< Of the member, after the event. */
	char old_name[BRAID_NAME_SIZE]; /**< Only of MEMBER_RENAMED. */
	char reason[BRAID_REASON_SIZE]; /**< One sentence, or "". */
};

/** Value of a cursor for braid_events_read(): begin with the next event that happens. */
#define BRAID_EVENTS_FROM_NOW UINT64_MAX

/**
 * One member's new name. As an argument of braid_members_rename() the wish, in a rename guard the plan. Later releases may append
 * fields: hence the size in the one, and pointers in the other.
 */
struct braid_rename {
	uint32_t member_id;   /**< The member. As a wish it may be BRAID_NO_MEMBER: the one that old_name finds. */
	const char *old_name; /**< Its name. Looked at in a wish without member_id only, and then also its device's name. */
	const char *name;     /**< Its new name. In a wish it may be a template, in a plan the number is in. */
};

/** Why a rename guard is called. */
enum braid_rename_phase BRAID_UNSIGNED {
	BRAID_RENAME_PROPOSED = 0, /**< Nothing has happened yet, and will not if the guard refuses. */
	BRAID_RENAME_REVERTED = 1, /**< What it had agreed to does not happen. The answer is not looked at. */
};

/**
 * Asked before members are renamed; may refuse.
 *
 * It is called on the thread that renames, no lock is held, and it may call every function of this file but braid_destroy(),
 * those that rename or register included: a rename inside a guard has all guards asked in its turn, up to 8 deep. Names are as
 * they were: what is proposed can be looked up nowhere yet. Of several guards the first registered is asked first, and none
 * after one that refuses. If the renaming then does not come about (a later guard refused, a name was taken meanwhile, a
 * member left, the bond was closed), those who had agreed are told BRAID_RENAME_REVERTED, the last one asked first; the one who
 * refused is not. That the renaming has come about is BRAID_EVENT_MEMBER_RENAMED.
 *
 * @param renames  Pointers to n of them, valid during the call; only members whose name changes.
 * @return 0 agrees. A negative errno refuses, and is what the renaming call returns (anything else refuses with -EPERM).
 */
typedef int (*braid_rename_guard)(uint16_t bond_port_id, enum braid_rename_phase phase,
                                  const struct braid_rename *const *renames, unsigned int n, void *arg);

/**
 * Told of each event of a bond, in order, from a control thread of the bond; no lock is held, so that it may call every
 * function of this file but braid_destroy(). A slow callback delays later events and RTE_ETH_EVENT_INTR_LSC of the bond, never
 * traffic, failover or the attachment of pending members. Calls that have renamed or set an option wait, up to 1 s each, while
 * listeners are 8192 events behind; one that is refused, or changes nothing, waits for none. If they get 16384 behind all the
 * same, the oldest are dropped, counted (xstat `events_lost`), and listeners are told how many. It must not wait for a thread
 * that removes the bond's device with rte_vdev_uninit() or rte_dev_remove(), nor create or remove devices while one does: these
 * hold a lock of the bus until the callback returns.
 */
typedef void (*braid_event_callback)(uint16_t bond_port_id, const struct braid_event *event, void *arg);

/* ---- a bond, and its members ---- */

/**
 * Makes a bond, as `--vdev` does.
 *
 * @param name  Of the device, beginning with "net_braid".
 * @param devargs  "key=value,..." as on the command line (docs/devargs.md); NULL or "": all defaults, no member.
 * @return The port id of the bond, or a negative errno: -EINVAL a bad name or argument, and what braid_member_add() answers
 *   with -EEXIST or -ENOSPC; -EEXIST the name is in use; -EBUSY somebody else owns a port that is to be a member; -ELOOP that
 *   is a net_braid bond; -ENOTSUP a mode or instructions that are not there, or a secondary process; -ENOMEM, also where
 *   no ethdev port is free; else what a member's driver answered.
 */
int braid_create(const char *name, const char *devargs);

/**
 * Stops and closes a bond, gives its members back as they were, and removes the device. No thread may be in, or enter, a
 * burst function or any other function of rte_ethdev.h with the bond's port; functions of this file and telemetry may run.
 *
 * From the call on they fail with -ENODEV. One that is inside a device is waited for, as are an event callback and a
 * rename guard that run; the drain of a removal ends.
 *
 * @return -EDEADLK from an event callback or a rename guard; -ENODEV also while another thread destroys the bond.
 */
int braid_destroy(uint16_t bond_port_id);

/**
 * Adds a member: claims the port, and if the bond is started brings it to the bond's configuration and starts it.
 *
 * @param device  An ethdev name, PCI address or port id in decimal. One that does not exist yet becomes a pending
 *   member, which joins when it appears.
 * @param options  NULL for defaults.
 * @param id  Where to put the identity of the new member; may be NULL.
 * @return -EINVAL not a device, not a valid name or option; -EEXIST it is a member of this bond already, or the name or the
 *   role is taken; -E2BIG options of a later release that this one does not know;
 *   -EBUSY another bond or component owns the port; -ELOOP it is a net_braid bond; -ENOSPC there are BRAID_MAX_MEMBERS;
 *   -ENOTSUP the member cannot do what the bond was configured for; else what the member's driver answered.
 */
int braid_member_add(uint16_t bond_port_id, const char *device, const struct braid_member_options *options,
                     uint32_t *id);

/**
 * Removes a member without losing packets: it is given nothing more to transmit; then what it has been given leaves it, and what
 * it receives is delivered while the application polls, until nothing has come for 5 ms and every receive queue was
 * found empty, at most for as long as devarg drain_ms says. Then it is stopped and gets its MAC address, MTU and promiscuity
 * back. The last one may go.
 *
 * @return -ENOENT no such member.
 */
int braid_member_remove(uint16_t bond_port_id, uint32_t id);

/** The same at once: what stands in its queues is left to its driver. */
int braid_member_remove_now(uint16_t bond_port_id, uint32_t id);

/* ---- ports that join by a rule ---- */

/**
 * Has ports join that nobody has named: those there are, when the rule is added, the bond is configured or started; others
 * when they appear. A port that somebody owns, that is a net_braid bond, or that the application has started, is left alone; one
 * that cannot join is logged and reported (BRAID_EVENT_ATTACH_FAILED, without a member) once. One that was removed from the
 * bond is not taken again before it appears anew. When the bond is full, the member that came by a rule and whose
 * device has been gone longest makes room.
 *
 * @param rule  "mac": ports whose own address is the bond's, if that was chosen or came with a member; "name:<glob>": by
 *   ethdev or device name; "pci:<glob>": by PCI address, spelled 0000:01:00.0. Patterns are those of fnmatch(3).
 * @return -EINVAL not a rule; -EEXIST it is there already; -ENOSPC there are 16.
 */
int braid_auto_add(uint16_t bond_port_id, const char *rule);

/**
 * Takes one rule back. Members that have joined by it stay; the other rules stay in their order.
 *
 * @param rule  Spelled as braid_auto_get() lists it.
 * @return -ENOENT there is no such rule.
 */
int braid_auto_remove(uint16_t bond_port_id, const char *rule);

/** Forgets all rules. Members that have joined by one stay. */
int braid_auto_clear(uint16_t bond_port_id);

/**
 * Lists the rules, in the order in which they were added.
 *
 * @param rules  Where to put them; rules[0].size must be set.
 * @param capacity  Elements of rules; 0 with rules NULL to ask for the number.
 * @return How many rules there are, which may be more than `capacity`; -EINVAL rules[0].size is not set, or too small.
 */
int braid_auto_get(uint16_t bond_port_id, struct braid_auto_rule *rules, unsigned int capacity);

/* ---- names ---- */

/**
 * Renames a member. Its id, its flows and its counters stay; nothing is stopped. Its own name again is a success, of which
 * nobody is told.
 *
 * @param name  1 to 63 bytes, not "." or "..", without '/', ':', ',', '=', white space or control bytes. With one "%d" in it,
 *   the lowest free number is put there.
 * @return -ENOENT no such member; -EINVAL not a valid name; -EEXIST the name is in use, or promised to a member that is being
 *   added; -EBUSY the bond is started and its option live_rename is 0; -EAGAIN another call renamed the member while guards were
 *   asked; -ELOOP guards that rename are nested more than 8 deep; else what a guard answered.
 */
int braid_member_rename(uint16_t bond_port_id, uint32_t id, const char *name);

/**
 * Renames several members at once: all or none, in one publication, so that two can swap their names or several pass them
 * round, and no reader finds a name twice or missing. Only the names that result must differ.
 *
 * @param renames  A member that is pending, or in the middle of being added (by its id, or by the name promised to it), may be
 *   among them, each member once. Templates are filled in the order of the array.
 * @param n  0 to BRAID_MAX_MEMBERS; with 0 renames may be NULL.
 * @param size  sizeof(struct braid_rename), as the caller knows it.
 * @return As braid_member_rename(); also -EINVAL: a member is there twice, n is too large, or that is not such a size; -E2BIG a
 *   field of a later release that this one does not know is set.
 */
int braid_members_rename(uint16_t bond_port_id, const struct braid_rename *renames, unsigned int n, size_t size);

/**
 * Registers a guard that is asked about every renaming that begins from now on. The same function with another arg is another
 * guard. @return -EEXIST registered already; -EINVAL no guard.
 */
int braid_rename_guard_register(uint16_t bond_port_id, braid_rename_guard guard, void *arg);

/**
 * Takes a guard back. On return it is not running and will not be called again, also not to be told that something it agreed
 * to is reverted; unless the caller is that guard, which then ends as it likes. braid_destroy() waits likewise for every guard
 * that runs.
 *
 * @return -ENOENT not registered; -ENODEV the bond is being closed, or its port was closed while the guard ran, and the guard
 *   has been taken back nevertheless.
 */
int braid_rename_guard_unregister(uint16_t bond_port_id, braid_rename_guard guard, void *arg);

/**
 * Whether members can be renamed while the bond is started (devarg live_rename; the default) or get -EBUSY then.
 * @param on  0 or 1.
 */
int braid_live_rename_set(uint16_t bond_port_id, int on);

/**
 * Sets the template for members that are added without a name (devarg member_name), for example "wan%d".
 * @param pattern  A valid name with one "%d" in it; NULL or "": such members are named after their devices.
 * @return -EINVAL not a valid name, or no "%d" in it.
 */
int braid_member_name_set(uint16_t bond_port_id, const char *pattern);

/**
 * Finds a member by its name, or if none has it, by its ethdev name. Takes no lock of the bond.
 *
 * @return -ENOENT no such member: an answer, which is not logged.
 */
int braid_member_find(uint16_t bond_port_id, const char *name, uint32_t *id);

/* ---- what there is ---- */

/**
 * Lists the ids of all members, also pending ones, in the order in which they were added.
 *
 * @param capacity  Elements of ids; 0 with ids NULL to ask for the number.
 * @return How many members there are, which may be more than `capacity`.
 */
int braid_members_get(uint16_t bond_port_id, uint32_t *ids, unsigned int capacity);

/** Tells about one member. @return -ENOENT no such member; -EINVAL info->size is not set. */
int braid_member_info_get(uint16_t bond_port_id, uint32_t id, struct braid_member_info *info);

/** Tells about the bond. @return -EINVAL info->size is not set. */
int braid_info_get(uint16_t bond_port_id, struct braid_info *info);

/* ---- how packets are spread ---- */

/**
 * Changes the mode, also under traffic: one publication. @return -EINVAL not a mode; -ENOTSUP not built yet; -EBUSY broadcast,
 * while the bond is configured with MBUF_FAST_FREE, which shared packets do not allow.
 */
int braid_mode_set(uint16_t bond_port_id, enum braid_mode mode);

/** Changes what mode balance hashes, also under traffic. @return -EINVAL not a policy. */
int braid_policy_set(uint16_t bond_port_id, enum braid_policy policy);

/**
 * Sets how much a member gets against the others, 1 to 1000, 1 at first, in BRAID_MODE_BALANCE and BRAID_MODE_ROUND_ROBIN; no
 * other mode looks at it. In balance only as many flows as make the difference move, also under traffic; setting it back moves
 * the same flows back. Shares are whole buckets, at least one: see braid_member_info::buckets. In round-robin it is the number
 * of turns.
 * @return -ENOENT no such member; -EINVAL out of range.
 */
int braid_member_weight_set(uint16_t bond_port_id, uint32_t id, uint32_t weight);

/**
 * Sets what members weigh. With BRAID_WEIGHTS_SPEED shares follow the links when they come up with another speed.
 * @return -EINVAL not one of enum braid_weights.
 */
int braid_weights_set(uint16_t bond_port_id, enum braid_weights weights);

/**
 * 1: packets may name the member that they leave through (braid_pin.h), in every mode; 0 (at first): nobody looks, which costs
 * less. @return -EINVAL neither 0 nor 1; -ENOENT or -ENOSPC the mbuf has no room left for the name.
 */
int braid_pinning_set(uint16_t bond_port_id, int on);

/* ---- who may transmit, and who is preferred ---- */

/**
 * Makes a member the primary instead of whoever it was, BRAID_NO_MEMBER for none. This is an order: it becomes active as soon
 * as its link is usable, whatever braid_primary_reselect_set() says; that rules from then on.
 * @return -ENOENT no such member.
 */
int braid_primary_set(uint16_t bond_port_id, uint32_t id);

/**
 * Gives a member a role, or takes it away with BRAID_ROLE_NONE. It belongs to the member: a device that is unplugged and comes
 * back has it again. Unlike braid_primary_set() it displaces nobody.
 * @return -ENOENT no such member; -EINVAL not a role; -EEXIST another member has it, or it is kept for a primary that has not
 *   joined yet.
 */
int braid_member_role_set(uint16_t bond_port_id, uint32_t id, enum braid_role role);

/**
 * Sets the priority of a member in active-backup, 0 at first: an active member gives way to one of higher priority whose link is
 * up, unless it is sticky or the primary. @return -ENOENT no such member.
 */
int braid_member_priority_set(uint16_t bond_port_id, uint32_t id, int32_t priority);

/**
 * 1: once active, the member gives way to no priority, only to the primary. 0: it does.
 * @return -ENOENT no such member; -EINVAL neither 0 nor 1.
 */
int braid_member_sticky_set(uint16_t bond_port_id, uint32_t id, int sticky);

/**
 * 0: the member transmits nothing from now on; it stays started, its link is watched, and in the modes that balance what it
 * receives is delivered. 1: it takes part again. Survives the unplugging of its device.
 * @return -ENOENT no such member; -EINVAL neither 0 nor 1.
 */
int braid_member_enabled_set(uint16_t bond_port_id, uint32_t id, int enabled);

/** Sets when a primary takes over in active-backup. @return -EINVAL not a policy. */
int braid_primary_reselect_set(uint16_t bond_port_id, enum braid_primary_reselect policy);

/**
 * Sets how many members must be usable. While there are fewer, nobody transmits, as with no member, and the link of the bond is
 * down; what members receive is delivered. 0 to BRAID_MAX_MEMBERS; 0 and 1 mean the same.
 * @return -EINVAL out of range.
 */
int braid_min_links_set(uint16_t bond_port_id, uint32_t min_links);

/**
 * 1: what the backups of active-backup receive is delivered, 0 (at first): it is freed and counted (rx_backup_dropped).
 * @return -EINVAL neither 0 nor 1.
 */
int braid_all_members_active_set(uint16_t bond_port_id, int on);

/**
 * Sets for how long, in ms, a link must be up before it is used, and down before it is given up. 0 to 3,600,000.
 * A delay that is running goes on with its new length. @return -EINVAL out of range.
 */
int braid_delays_set(uint16_t bond_port_id, uint32_t up_delay_ms, uint32_t down_delay_ms);

/* ---- addresses after a failover ---- */

/**
 * Changes which MAC address each member has in active-backup, also under traffic; all members follow or none. In other modes it
 * is remembered. The bond's address is changed with rte_eth_dev_default_mac_addr_set(), which BRAID_MAC_BY_ACTIVE refuses
 * with -ENOTSUP while a member is active.
 *
 * After a failover the addresses are changed by a thread of the bond: first the former active member gives the bond's up, then
 * the new one gets it. A member that refuses hinders no other: BRAID_EVENT_MAC_FAILED and the xstat mac_failures tell.
 *
 * @return -EINVAL not a policy; BRAID_MAC_FOLLOW: -ENOTSUP the driver of a member cannot change its address while it runs,
 *   -EADDRINUSE two members have the same address of their own; else what a member's driver answered. While
 *   BRAID_MAC_FOLLOW is in force, members are refused for the same reasons when they are added.
 */
int braid_mac_policy_set(uint16_t bond_port_id, enum braid_mac_policy policy);

/**
 * Sets how often, after a failover of active-backup or a change to that mode, neighbours and switches are told where the
 * addresses are now that the bond has seen itself send from: by gratuitous ARP and unsolicited neighbour advertisements, the
 * first at once. They are sent over a transmit queue that the application does not use; a member is given one when it is
 * started while announcements are on, and sends none if its device has none to spare (`announces` of braid_member_info, and one
 * line in the log).
 *
 * @param times  0 (off) to 255.
 * @param interval_ms  Between two of them, 0 to 3,600,000; 0: lsc_poll_period_ms.
 * @return -EINVAL out of range.
 */
int braid_announce_set(uint16_t bond_port_id, uint32_t times, uint32_t interval_ms);

/**
 * Lists the addresses that would be announced now: those that the bond has sent from in the last 5 minutes, at most
 * BRAID_MAX_ADDRESSES.
 *
 * @param addresses  Where to put them; addresses[0].size must be set.
 * @param capacity  Elements of addresses; 0 with addresses NULL to ask for the number.
 * @return How many there are, which may be more than `capacity`; -EINVAL addresses[0].size is not set, or too small.
 */
int braid_addresses_get(uint16_t bond_port_id, struct braid_address *addresses, unsigned int capacity);

/* ---- events and errors ---- */

/**
 * Registers a callback for all events of a bond from now on. The same function with another arg is another registration.
 * @return -EEXIST registered already; -EINVAL no callback; -ENOMEM.
 */
int braid_event_callback_register(uint16_t bond_port_id, braid_event_callback callback, void *arg);

/**
 * Takes a registration back. On return the callback is not running and will not be called again, unless the caller is
 * that callback. Not from an ethdev callback that a member's driver raises inside an operation of the bond: it would wait for a
 * callback that may be waiting for that operation.
 * @return -ENOENT not registered; -ENODEV the bond is being closed, or its port was closed while the callback
 * ran, and the registration has been taken back nevertheless.
 */
int braid_event_callback_unregister(uint16_t bond_port_id, braid_event_callback callback, void *arg);

/**
 * Reads events that have happened, for those who come late or do not want a callback. At least the last 1024 are kept.
 *
 * @param next  The number of the event to begin with: 0 for the oldest kept, BRAID_EVENTS_FROM_NOW for none. Afterwards where
 *   to go on.
 * @param records  Where to put them, in order; records[0].size must be set. May be NULL with n = 0.
 * @param n  Elements of records.
 * @param missed  How many events from *next on had been overwritten before this call; they are skipped. May be NULL.
 * @return How many were read, 0 if nothing has happened since; -EINVAL next is NULL or a number beyond the next event,
 *   or records[0].size is not set, or too small.
 */
int braid_events_read(uint16_t bond_port_id, uint64_t *next, struct braid_event_record *records, unsigned int n,
                      uint64_t *missed);

/**
 * Whether the application also gets RTE_ETH_EVENT_INTR_LSC of the bond with each BRAID_EVENT_ACTIVE_CHANGED (devarg
 * lsc_on_failover), as when the bond's link goes up or down. Several changes in a row may be one event.
 * @param on  0 (the default) or 1.
 */
int braid_lsc_on_failover_set(uint16_t bond_port_id, int on);

/** Why the last failed call of this thread failed: one line without a line feed; "" before any. Never NULL. */
const char *braid_error_text(void);

#ifdef __cplusplus
}
#endif

#undef BRAID_UNSIGNED

#endif /* BRAID_H */
