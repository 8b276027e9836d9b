/** In place of the backends that only Node has. */
export {};
