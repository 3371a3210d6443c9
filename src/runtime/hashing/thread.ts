import { workerData } from "node:worker_threads";

import { createSlots } from "./slots.js";

/* A hashing thread, started by pool.ts. It sleeps until something is published and ends when the pool closes. */
createSlots(workerData as SharedArrayBuffer).serve();
