// DNS messages as the tests' name server needs them, RFC 1035 section 4: it reads one question and writes answers, uncompressed.

export const RCODE = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5 } as const;

const TYPES = { A: 1, NS: 2, CNAME: 5, PTR: 12, MX: 15, TXT: 16, AAAA: 28, SRV: 33 } as const;
export type Type = keyof typeof TYPES;

export interface Question {
  readonly id: number;
  /** With its final dot, in lower case. */
  readonly name: string;
  readonly type: Type;
  /** The question as it came. */
  readonly section: Buffer;
}

/** One record; `name` is the question's where it is left out. The data are those of the type, as text. */
export interface Record {
  readonly name?: string;
  readonly type: Type;
  readonly data: string | readonly string[];
}

export function readQuestion(message: Buffer): Question {
  const labels: string[] = [];
  let at = 12;
  for (let length = message[at]!; length > 0; length = message[at]!) {
    labels.push(message.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  const number = message.readUInt16BE(at + 1);
  const type = (Object.keys(TYPES) as Type[]).find((key) => TYPES[key] === number);
  if (type === undefined) throw new Error(`The name server was asked for type ${number}`);
  const name = `${labels.join('.').toLowerCase()}.`;
  return { id: message.readUInt16BE(0), name, type, section: message.subarray(12, at + 5) };
}

export function writeAnswer(question: Question, rcode: number, records: readonly Record[], truncated: boolean): Buffer {
  const head = Buffer.alloc(12);
  head.writeUInt16BE(question.id, 0);
  head.writeUInt16BE(0x8180 | rcode | (truncated ? 0x0200 : 0), 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(records.length, 6);
  return Buffer.concat([head, question.section, ...records.map((record) => writeRecord(record, question.name))]);
}

function writeRecord({ name, type, data }: Record, asked: string): Buffer {
  const bytes = writeData(type, typeof data === 'string' ? [data] : data);
  const fixed = Buffer.alloc(10);
  fixed.writeUInt16BE(TYPES[type], 0);
  fixed.writeUInt16BE(1, 2);
  fixed.writeUInt32BE(60, 4);
  fixed.writeUInt16BE(bytes.length, 8);
  return Buffer.concat([writeName(name ?? asked), fixed, bytes]);
}

function writeData(type: Type, words: readonly string[]): Buffer {
  const [first = ''] = words;
  if (type === 'A') return Buffer.from(first.split('.').map(Number));
  if (type === 'AAAA') return writeIPv6(first);
  if (type === 'TXT')
    return Buffer.concat(words.map((word) => Buffer.from([word.length, ...Buffer.from(word, 'latin1')])));
  if (type === 'MX' || type === 'SRV') {
    const numbers = Buffer.alloc((words.length - 1) * 2);
    words.slice(0, -1).forEach((word, index) => numbers.writeUInt16BE(Number(word), index * 2));
    return Buffer.concat([numbers, writeName(words.at(-1)!)]);
  }
  return writeName(first);
}

function writeIPv6(text: string): Buffer {
  const [before = '', after] = text.split('::');
  const groups = (part: string): string[] => part.split(':').filter((group) => group !== '');
  const [front, back] = [groups(before), groups(after ?? '')];
  const middle = Array<string>(8 - front.length - back.length).fill('0');
  return Buffer.from([...front, ...middle, ...back].map((group) => group.padStart(4, '0')).join(''), 'hex');
}

function writeName(name: string): Buffer {
  const labels = name.split('.').filter((label) => label !== '');
  return Buffer.concat([
    ...labels.map((label) => Buffer.from([label.length, ...Buffer.from(label, 'latin1')])),
    Buffer.alloc(1),
  ]);
}
