import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IpPrefix } from '../../model/ip-prefix.ts';
import { Keys } from './keys.ts';

test('a prefix is taken to the letter, as v1 takes it', () => {
  const block = IpPrefix.parse('10.0.0.16/28');
  for (const prefix of ['/coil/', '/coil', '']) {
    const keys = new Keys(prefix);
    assert.equal(keys.pool('default'), `${prefix}pool/default`);
    assert.equal(keys.block('default', block), `${prefix}block/default/10.0.0.16`);
    assert.equal(keys.address({ block, offset: 3 }), `${prefix}ip/10.0.0.16/3`);
  }
});
