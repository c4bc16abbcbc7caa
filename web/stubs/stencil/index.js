/** The compiled components need nothing from here. */
export {};
