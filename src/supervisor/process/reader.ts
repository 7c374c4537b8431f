import { readSync } from 'node:fs';
import { type OnReadOpts, Socket, type SocketConstructorOpts } from 'node:net';
import { ReadStream } from 'node:tty';
import { codeOf } from '../../errors.ts';
import { elapsed } from '../../platform/clock.ts';

/** One descriptor of a command that is read to its end. */
export interface Reader<S extends Socket> {
  readonly stream: S;
  pause(): void;
  resume(): void;
  /** Hands over what is there at once: what the command wrote before it ended. */
  drain(): void;
}

/** What a pipe holds (pipe(7)); a terminal gives at most 4095 bytes at a time. */
const chunkSize = 65_536;
/** The largest size that a pipe can be set to: more than that was not there when a command ended. */
const drainLimit = 1024 * 1024;
/** Bytes that one turn of the event loop should take from all commands. */
const turnBudget = 1024 * 1024;
const leastChunk = 8 * 1024;
/** Every read of every command lands here, is handed over at once, and is overwritten. */
const chunk = Buffer.allocUnsafeSlow(chunkSize);

/** Milliseconds of reading after which the pipes that are left wait for the next turn. */
const turnTime = 1;

interface Pipe {
  /** The turn in which it was read last. */
  turn: number;
  wait(): void;
  goOn(): void;
}

let turn = 0;
let readsThisTurn = 0;
let turnBegan = 0;
let nextSize = chunkSize;
/**
 * Pipes at which something has come, the last one read at the end: of most commands one never has anything.
 * A terminal, at which a person may sit, never waits for them.
 */
const active = new Set<Pipe>();
/** Those that wait for the next turn. */
let waiting: Pipe[] = [];

/** The more commands write at a time, the less is taken from each in one turn. */
function countRead(): void {
  if (readsThisTurn === 0) {
    turn += 1;
    turnBegan = elapsed();
    setImmediate(endTurn);
  }
  readsThisTurn += 1;
}

function noteRead(pipe: Pipe): void {
  pipe.turn = turn;
  active.delete(pipe);
  active.add(pipe);
}

/** What was read in this turn has nothing more in it; the others may. */
function checkTurn(): void {
  if (waiting.length > 0 || elapsed() - turnBegan < turnTime) return;
  for (const pipe of active) {
    if (pipe.turn === turn) return;
    pipe.wait();
    waiting.push(pipe);
  }
}

function endTurn(): void {
  const share = Math.floor(turnBudget / readsThisTurn);
  nextSize = Math.max(leastChunk, Math.min(chunkSize, share));
  readsThisTurn = 0;
  const left = waiting;
  waiting = [];
  for (const pipe of left) pipe.goOn();
}

/** Reads the raw output of a pipe and hands it to `onData`, and to nobody else. */
export function readPipe(fd: number, onData: (bytes: Buffer) => void): Reader<Socket> {
  const options = { fd, readable: true, writable: false };
  return readInto(fd, onData, (onread) => new Socket(withOnread(options, onread)));
}

/** Reads the raw output of a terminal; its stream is also what is written to. */
export function readTerminal(fd: number, onData: (bytes: Buffer) => void): Reader<ReadStream> {
  return readInto(fd, onData, (onread) => new ReadStream(fd, withOnread({}, onread)));
}

/** The types know it of connections only; every socket has it. */
function withOnread(options: SocketConstructorOpts, onread: OnReadOpts): SocketConstructorOpts {
  return { ...options, onread } as SocketConstructorOpts;
}

/** `onData` gets bytes that are good until it returns. */
function readInto<S extends Socket>(
  fd: number,
  onData: (bytes: Buffer) => void,
  open: (onread: OnReadOpts) => S,
): Reader<S> {
  let paused = false;
  function take(size: number): void {
    const bytes = chunk.subarray(0, size);
    onData(bytes);
    bytes.fill(0);
  }
  function goOn(): void {
    if (!paused && !stream.destroyed) stream.resume();
  }
  const stream = open({
    buffer: () => chunk.subarray(0, nextSize),
    callback(size, buffer) {
      countRead();
      if (self !== undefined) noteRead(self);
      take(size);
      checkTurn();
      if (size < buffer.length) return true;
      // one that always has more takes turns with the others
      setImmediate(goOn);
      return false;
    },
  });
  const isTerminal = stream instanceof ReadStream;
  const self = isTerminal ? undefined : { turn: 0, wait: () => void stream.pause(), goOn };
  stream.once('close', () => void (self && active.delete(self)));
  stream.on('error', () => undefined); // EIO: the last process let go of the terminal
  stream.resume();
  return {
    stream,
    pause() {
      paused = true;
      stream.pause();
    },
    resume() {
      paused = false;
      stream.resume();
    },
    drain() {
      // what it left running may write for ever; the number of a closed descriptor is soon another's
      let size = 1;
      for (let left = drainLimit; !stream.destroyed && size > 0 && left > 0; left -= size) {
        size = readNow(fd);
        if (size > 0) take(size);
      }
    },
  };
}

/** 0 at the end and where nothing is there now. */
function readNow(fd: number): number {
  try {
    return readSync(fd, chunk);
  } catch (error) {
    const code = codeOf(error);
    if (code === 'EAGAIN' || code === 'EIO' || code === 'EBADF') return 0;
    throw error;
  }
}
