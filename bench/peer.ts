/** What every product under measurement is asked to do. One that cannot do something leaves it out. */
export interface Peer {
  /** What the table calls it. */
  readonly name: string;
  /** Makes its schema; called once a database. */
  setup(): Promise<void>;
  /** Begins to work on what is queued. */
  startWorker(): Promise<void>;
  /** Stops working; everything that was done is stored. */
  stopWorker(): Promise<void>;
  /** Queues so many no-op tasks in bulk. */
  enqueue?(count: number): Promise<void>;
  /** Queues one task, whose handler reports how late it starts. */
  enqueueStamped?(sentAt: number): Promise<void>;
  /** Queues a no-op task and waits for its result. */
  runTask?(): Promise<void>;
  /** Starts so many workflows of ten sequential steps each. */
  startSteps?(count: number): Promise<void>;
  /** Runs one workflow that awaits so many children. */
  fanOut?(children: number): Promise<void>;
  /** Starts workflows that sleep, and waits until all are over; gives how late each woke, in milliseconds. */
  sleepers?(count: number, ms: number): Promise<number[]>;
  /** Starts a workflow, waits until it waits for a signal; gives what sends the signal and awaits the result. */
  waiting?(): Promise<() => Promise<void>>;
  /** Queues tasks that give back what they are given: so many bytes each. */
  enqueueEcho?(count: number, bytes: number): Promise<void>;
  /** Begins to work on so many queues, all of them empty. */
  startIdle?(queues: number): Promise<void>;
  /** Runs one workflow of so many sequential steps; gives when each began, in milliseconds. */
  longFlow?(steps: number): Promise<number[]>;
  /** Runs one workflow that starts over so many times; gives eleven samples: at the beginning, and after each tenth. */
  endless?(rounds: number): Promise<{ at: number; rows: number; bytes: number; heap: number }[]>;
  /** Processor time, in microseconds, that counting lines takes in a step of a flow: the mean of so many. */
  heatMicros?(steps: number): number;
  /** How much of what was queued or started is not over, as the database has it. */
  unfinished(): Promise<number>;
  /** Longest standstill of the worker's event loop since the last call, by its own metric. */
  takeLag?(): Promise<number>;
  /** Ends all connections. */
  close(): Promise<void>;
}

/** What a peer reports to. */
export interface Scene {
  /** The database, which is the peer's alone. */
  readonly url: string;
  /** A handler or a step ran. */
  readonly hit: () => void;
  /** A handler started, for a task sent at this moment of {@linkcode clock}. */
  readonly arrived: (sentAt: number) => void;
}

/** Milliseconds on a clock that the processes of one machine share, in fractions. */
export function clock(): number {
  return performance.timeOrigin + performance.now();
}

/** Makes a peer. */
export type MakePeer = (scene: Scene) => Peer | Promise<Peer>;
