/// What makes a shell ask the helper how a command line may go on.
///
/// Nothing that the helper answers is ever evaluated: a profile may be called anything.
enum CompletionScript: String {
    case bash, zsh, fish

    var text: String {
        switch self {
        case .bash: CompletionScript.forBash
        case .zsh: CompletionScript.forZsh
        case .fish: CompletionScript.forFish
        }
    }

    private static var forBash: String {
        """
        # bash completion of butlr-credential; works with bash 3.2 and later.
        _butlr_credential() {
            local line word
            COMPREPLY=()
            while IFS= read -r line; do
                case $line in
                :files)
                    compopt -o filenames 2>/dev/null
                    while IFS= read -r word; do COMPREPLY+=("$word"); done \\
                        < <(compgen -f -- "${COMP_WORDS[COMP_CWORD]#=}")
                    ;;
                :command)
                    while IFS= read -r word; do COMPREPLY+=("$word"); done \\
                        < <(compgen -c -- "${COMP_WORDS[COMP_CWORD]}")
                    ;;
                *) COMPREPLY+=("$(printf '%q' "${line%%$'\\t'*}")") ;;
                esac
            done < <("${COMP_WORDS[0]}" completion candidates -- "${COMP_WORDS[@]:0:COMP_CWORD+1}" 2>/dev/null)
        }
        complete -F _butlr_credential butlr-credential

        """
    }

    private static var forZsh: String {
        """
        #compdef butlr-credential
        # zsh completion of butlr-credential.
        _butlr_credential() {
            local line word
            local -a described
            for line in "${(@f)$("${words[1]}" completion candidates -- "${(@)words[1,CURRENT]}" 2>/dev/null)}"; do
                case $line in
                '') ;;
                :files)
                    [[ $PREFIX == --*=* ]] && compset -P '*='
                    _files
                    ;;
                :command)
                    _normal
                    ;;
                *)
                    word=${line%%$'\\t'*}
                    if [[ $line == *$'\\t'* ]]; then
                        described+=("${word//:/\\\\:}:${line#*$'\\t'}")
                    else
                        described+=("${word//:/\\\\:}")
                    fi
                    ;;
                esac
            done
            (( $#described )) && _describe 'butlr-credential' described
        }
        # Called while a word is completed, where zsh has found it as a file; else read at the start of the shell.
        if [[ $funcstack[1] == _butlr[-_]credential ]]; then
            _butlr_credential "$@"
        elif (( $+functions[compdef] )); then
            compdef _butlr_credential butlr-credential
        fi

        """
    }

    private static var forFish: String {
        """
        # fish completion of butlr-credential.
        function __butlr_credential_candidates
            set -l words (commandline -opc) (commandline -ct)
            for line in ($words[1] completion candidates -- $words 2>/dev/null)
                switch $line
                    case :files
                        set -l word (string replace -r -- '^(--[a-z-]+=).*' '$1' (commandline -ct))
                        string match -q -- '--*=' $word; or set word
                        for file in (__fish_complete_path (string replace -r -- '^--[a-z-]+=' '' (commandline -ct)))
                            echo "$word$file"
                        end
                    case :command
                        __fish_complete_subcommand --fcs-skip=(math (contains -i -- -- $words))
                    case '*'
                        echo $line
                end
            end
        end
        complete -c butlr-credential -f -a '(__butlr_credential_candidates)'

        """
    }
}
