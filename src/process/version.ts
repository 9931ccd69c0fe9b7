import manifest from '../../package.json' with { type: 'json' };

/** The package's version; every program of it has this one. */
export const VERSION: string = manifest.version;
