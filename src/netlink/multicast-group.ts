/** What the kernel announces to whoever listens, as bits of RTMGRP_*, linux/rtnetlink.h. */
export const MulticastGroup = {
  link: 0x1,
  ipv4Address: 0x10,
  ipv4Route: 0x40,
  ipv6Address: 0x100,
  ipv6Route: 0x400,
} as const;
