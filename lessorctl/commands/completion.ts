/** `lessorctl completion`. */
import { verbatimPart } from '../print/view.ts';
import { command } from '../session/command.ts';

/** As each shell has it; it asks the executable with what is typed. */
const scripts = {
  bash: `_lessorctl() {
  local IFS=$'\\n'
  COMPREPLY=($(lessorctl __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null | cut -f1))
}
complete -o default -F _lessorctl lessorctl
`,
  zsh: `#compdef lessorctl
_lessorctl() {
  local -a found
  found=("\${(@f)$(lessorctl __complete "\${(@)words[2,CURRENT]}" 2>/dev/null | sed -e 's/:/\\\\:/g' -e 's/\\t/:/')}")
  _describe lessorctl found
}
compdef _lessorctl lessorctl
`,
  fish: `complete -c lessorctl -f -a '(lessorctl __complete (commandline -opc)[2..-1] (commandline -ct) 2>/dev/null)'
`,
  // kubectl wants the last line to say what else may be offered: 4 is no file.
  kubectl: `#!/bin/sh
kubectl-lessor __complete "$@" 2>/dev/null
echo :4
`,
};

export const completion = command({
  about: `The script offers commands, options, and the names of pools and nodes that there are.`,
  arguments: {
    shell: { help: 'the shell, or kubectl for kubectl lessor', choices: ['bash', 'zsh', 'fish', 'kubectl'] },
  },
  options: {},
  examples: [
    { line: 'completion bash > /etc/bash_completion.d/lessorctl', does: 'For bash' },
    { line: 'completion zsh > ~/.zsh/completions/_lessorctl', does: 'For zsh' },
    { line: 'completion fish > ~/.config/fish/completions/lessorctl.fish', does: 'For fish' },
    {
      line: 'completion kubectl > /usr/local/bin/kubectl_complete-lessor',
      does: 'For kubectl lessor; make it executable',
    },
  ],
  async run({ shell }) {
    const script = scripts[shell as keyof typeof scripts];
    return { document: { shell, script }, names: [], view: () => [verbatimPart(script.trimEnd())] };
  },
});
