// Job: memgc-trace completion SHELL: a completion script, made from the command line itself.
#include <fmt/format.h>

#include <memory>

#include "commands.h"

namespace memgc::trace {
namespace {

std::string options_of(const CLI::App& app) {
  std::string out;
  for (const CLI::Option* const option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) out += fmt::format("{}--{}", out.empty() ? "" : " ", name);
  }
  return out;
}

// For bash; zsh reads it too, once it has been told to.
std::string script(const CLI::App& app) {
  std::string commands, cases;
  for (const CLI::App* const command : app.get_subcommands({})) {
    commands += (commands.empty() ? "" : " ") + command->get_name();
    cases += fmt::format("    {}) words='{}' ;;\n", command->get_name(), options_of(*command));
  }
  return fmt::format(R"(_memgc_trace() {{
  local word=${{COMP_WORDS[COMP_CWORD]}} words=
  COMPREPLY=()
  case ${{COMP_WORDS[1]}} in
{}    *) ((COMP_CWORD > 1)) || words='{} {}' ;;
  esac
  if ((COMP_CWORD == 1)); then words='{} {}'; fi
  if ((COMP_CWORD == 1)) || [[ $word == -* ]]; then
    COMPREPLY=($(compgen -W "$words" -- "$word"))
  fi
}}
complete -o default -F _memgc_trace memgc-trace
)",
                     cases, commands, options_of(app), commands, options_of(app));
}

}  // namespace

void add_completion(CLI::App& app) {
  CLI::App& command = *app.add_subcommand("completion", "a completion script for bash or zsh, on standard output");
  const auto shell = std::make_shared<std::string>();
  command.add_option("SHELL", *shell, "bash or zsh")->required()->check(CLI::IsMember({"bash", "zsh"}));
  command.callback([&app, shell] {
    if (*shell == "zsh") fmt::print("autoload -U +X bashcompinit && bashcompinit\n");
    fmt::print("{}", script(app));
  });
}

}  // namespace memgc::trace
