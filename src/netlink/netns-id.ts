import { decodeAttributes, i32Attribute } from './attributes.ts';
import { concat, readI32 } from './native-bytes.ts';
import type { Request } from './request.ts';

const GET_NAMESPACE_ID = 90; // RTM_GETNSID, linux/rtnetlink.h
// linux/net_namespace.h
const ID = 1;
const FD = 3;

/** struct rtgenmsg: u8 family, padded */
const HEADER = 4;

/**
 * `ip netns list-id`: the number by which a namespace is known in that of the socket, as in `linkNetnsId` of a link;
 * undefined where it has none, which means that no link there leads into it.
 */
export function getNetnsId(netnsFd: number): Request<{ readonly id: number | undefined }> {
  return {
    operation: 'ip netns list-id',
    type: GET_NAMESPACE_ID,
    flags: 0,
    body: concat([new Uint8Array(HEADER), i32Attribute(FD, netnsFd)]),
    decode: (body) => {
      const value = decodeAttributes(body, HEADER).get(ID);
      const id = value === undefined ? -1 : readI32(value);
      return { id: id < 0 ? undefined : id };
    },
  };
}
