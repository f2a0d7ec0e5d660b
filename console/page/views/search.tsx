/** The search: what is typed may be an address, a prefix, a pool, a pod, a node. `/` comes here. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { go } from '../route.ts';
import { findings, type SearchFinding } from './findings.ts';

export function Search() {
  const [text, setText] = useState('');
  const [chosen, setChosen] = useState(0);
  const [open, setOpen] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => focusOnSlash(() => input.current), []);
  const found = findings(text);
  const isShown = open && text.trim() !== '';
  const visit = (finding: SearchFinding | undefined) => {
    if (finding === undefined) return;
    setOpen(false);
    setText('');
    input.current?.blur();
    go(finding.goes);
    document.getElementById('main')?.focus();
  };
  const press = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined && found.length > 0) setChosen((before) => (before + step + found.length) % found.length);
    else if (event.key === 'Enter') visit(found[Math.min(chosen, found.length - 1)]);
    else if (event.key === 'Escape') {
      setOpen(false);
      input.current?.blur();
    } else return;
    event.preventDefault();
  };
  const at = Math.min(chosen, found.length - 1);
  return (
    <search class="search">
      <input
        ref={input}
        class="input search-input"
        type="text"
        role="combobox"
        aria-label="Search addresses, prefixes, pools, pods and nodes"
        aria-expanded={isShown}
        aria-controls="search-found"
        aria-autocomplete="list"
        aria-activedescendant={isShown && found.length > 0 ? `found-${at}` : undefined}
        placeholder="Search address, pod, node, pool"
        autocomplete="off"
        spellcheck={false}
        value={text}
        onInput={({ currentTarget }) => {
          setText(currentTarget.value);
          setChosen(0);
          setOpen(true);
        }}
        onFocus={() => setOpen(true)}
        onBlur={() => setTimeout(() => setOpen(false), 150)}
        onKeyDown={press}
      />
      <span class="search-key" aria-hidden="true">
        /
      </span>
      <FoundList found={found} at={at} isShown={isShown} choose={setChosen} visit={visit} />
    </search>
  );
}

interface FoundProperties {
  readonly found: readonly SearchFinding[];
  readonly at: number;
  readonly isShown: boolean;
  choose(at: number): void;
  visit(finding: SearchFinding): void;
}

const FoundList = ({ found, at, isShown, choose, visit }: FoundProperties) => (
  <div class="found" id="search-found" role="listbox" aria-label="Found" hidden={!isShown}>
    {isShown &&
      found.map((finding, index) => (
        // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are those of the field, which keeps the focus
        <div
          key={finding.goes}
          id={`found-${index}`}
          role="option"
          tabIndex={-1}
          aria-selected={index === at}
          class="found-one"
          onMouseDown={(event) => event.preventDefault()}
          onClick={() => visit(finding)}
          onMouseMove={() => choose(index)}
        >
          <span class="found-kind">{finding.kind}</span>
          <span class="found-name">{finding.name}</span>
          <span class="quiet found-more">{finding.more}</span>
        </div>
      ))}
    {isShown && found.length === 0 && (
      <div class="found-none" role="option" tabIndex={-1} aria-selected={false} aria-disabled="true">
        Write an address, a prefix, namespace/pod, a node or a pool
      </div>
    )}
  </div>
);

/** @returns what ends it */
function focusOnSlash(input: () => HTMLInputElement | null): () => void {
  const press = (event: KeyboardEvent) => {
    const { target } = event;
    const isTyping = target instanceof HTMLElement && /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
    if (event.key !== '/' || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    input()?.focus();
    input()?.select();
  };
  addEventListener('keydown', press);
  return () => removeEventListener('keydown', press);
}
