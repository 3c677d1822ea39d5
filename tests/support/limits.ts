/**
 * Loaded before every test file (`deno test --preload`): a test that takes longer than five minutes fails instead of
 * holding up the rest. The file `RHYTHM_TEST_JOURNAL` keeps what began and what ended, so that a run that is stopped
 * from outside can say where it stood.
 *
 * @module
 */
const minutes = 5;
const journal = Deno.env.get("RHYTHM_TEST_JOURNAL");
let number = 0;
let timer: ReturnType<typeof setTimeout> | undefined;

Deno.test.beforeEach(() => {
  note("begin", ++number);
  const late = () => {
    throw new Error(`the file's test number ${number} took longer than ${minutes} minutes`);
  };
  Deno.unrefTimer(timer = setTimeout(late, minutes * 60_000));
});

Deno.test.afterEach(() => {
  clearTimeout(timer);
  note("end", number);
});

function note(what: "begin" | "end", number: number): void {
  if (journal === undefined) return;
  Deno.writeTextFileSync(journal, `${what}\t${Deno.mainModule}\t${number}\t${Date.now()}\n`, {
    append: true,
  });
}
