import assert from 'node:assert/strict';
import { hostname } from 'node:os';
import { test } from 'node:test';
import { createLogger } from './create-logger.ts';
import { LOG_FORMATS, LOG_LEVELS, type LogFormat, type LogLevel } from './log-format.ts';
import type { Logger } from './logger.ts';

const TIME = /\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}Z/;

/** The lines that `body` logs, with TIME and HOST in place of what differs each time. */
function logged(format: LogFormat, body: (log: Logger) => void, level: LogLevel = 'info'): string[] {
  const lines: string[] = [];
  body(createLogger({ level, format, program: 'coild' }, { write: (line) => lines.push(line) }));
  return lines.map((line) => line.replace(TIME, 'TIME').replaceAll(hostname(), 'HOST'));
}

test('plain is what v1 wrote', () => {
  const lines = logged('plain', (log) => log.error('not found'));
  assert.deepEqual(lines, ['TIME HOST coild error: "not found"\n']);
});

test('plain has the fields in the order of their names, texts quoted', () => {
  const lines = logged('plain', (log) =>
    log.warn('slow', { took: 1.5, pod: 'a "b"\n', blocks: ['x', 'y'], owner: { node: 'n' }, ok: true, none: null }),
  );
  assert.deepEqual(lines, [
    'TIME HOST coild warning: "slow" blocks=["x" "y"] none=null ok=true owner={node="n"} pod="a \\"b\\"\\n" took=1.5\n',
  ]);
});

test('logfmt is what v1 wrote', () => {
  const lines = logged('logfmt', (log) => log.info('acquired', { block: '10.0.0.0/27' }));
  assert.deepEqual(lines, [
    'topic=coild logged_at=TIME severity=info utsname=HOST message="acquired" block="10.0.0.0/27"\n',
  ]);
});

test("json has v1's members", () => {
  const [line = ''] = logged('json', (log) => log.info('acquired', { block: '10.0.0.0/27', free: 3 }));
  assert.match(line, /^\{[^\n]*\}\n$/);
  assert.deepEqual(JSON.parse(line), {
    topic: 'coild',
    logged_at: 'TIME',
    severity: 'info',
    utsname: 'HOST',
    message: 'acquired',
    block: '10.0.0.0/27',
    free: 3,
  });
});

test('a level leaves out what is less urgent', () => {
  const seen = LOG_LEVELS.map((level) =>
    logged(
      'plain',
      (log) => {
        log.debug('d');
        log.info('i');
        log.warn('w');
        log.error('e');
      },
      level,
    ).map((line) => line.at(-3)),
  );
  assert.deepEqual(seen, [[], ['e'], ['w', 'e'], ['i', 'w', 'e'], ['d', 'i', 'w', 'e']]);
});

for (const format of LOG_FORMATS) {
  test(`${format}: an error is one text with its code, errno and causes`, () => {
    const cause = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED', errno: -111 });
    const error = Object.assign(new Error('no etcd', { cause }), { code: 'store-unavailable' });
    const [line = ''] = logged(format, (log) => log.error('cannot start', { error }));
    assert.ok(line.includes('"no etcd (store-unavailable): connect ECONNREFUSED (errno -111)"'), line);
  });

  test(`${format}: a child adds its fields, and its children's`, () => {
    const [line = ''] = logged(format, (log) =>
      log.child({ node: 'n1' }).child({ block: 'b1' }).info('m', { pod: 'p1' }),
    );
    for (const value of ['n1', 'b1', 'p1']) assert.match(line, new RegExp(`"?(node|block|pod)"?[=:]"${value}"`));
  });
}
