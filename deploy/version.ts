/** The version of this Holdfast, from the root package.json: the one place where a release changes it. */
import manifest from '../package.json' with { type: 'json' };

export const VERSION: string = manifest.version;
