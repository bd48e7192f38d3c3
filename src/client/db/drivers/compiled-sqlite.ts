/** Starts sqlite-wasm from code that somebody else compiles. */
import initSqlite, { type Sqlite3Static } from '@sqlite.org/sqlite-wasm';
import wasm from '@sqlite.org/sqlite-wasm/sqlite3.wasm?url';

type Instantiated = (instance: WebAssembly.Instance, module: WebAssembly.Module) => void;

/** Its types leave out Emscripten's module options. */
type Init = (options: {
  readonly instantiateWasm: (imports: WebAssembly.Imports, done: Instantiated) => object;
}) => Promise<Sqlite3Static>;

/** `compiled` gives null where it could not be done: then it is compiled here, without streaming. */
export function initFrom(compiled: Promise<WebAssembly.Module | null>): Promise<Sqlite3Static> {
  return new Promise((resolve, reject) => {
    const instantiate = async (imports: WebAssembly.Imports, done: Instantiated): Promise<void> => {
      const module = (await compiled) ?? (await compileHere());
      done(await WebAssembly.instantiate(module, imports), module);
    };
    (initSqlite as unknown as Init)({
      instantiateWasm: (imports, done) => {
        // Emscripten does not hear of a failure here.
        instantiate(imports, done).catch(reject);
        return {};
      },
    }).then(resolve, reject);
  });
}

async function compileHere(): Promise<WebAssembly.Module> {
  const response = await fetch(wasm);
  return WebAssembly.compile(await response.arrayBuffer());
}
