# SPDX-License-Identifier: GPL-2.0
# bash completion for vcontext(1); what there is to offer, the command tells.

_vcontext_words()
{
	local word

	while IFS= read -r word; do
		[[ $word == "$1"* ]] && COMPREPLY+=("$word")
	done
}

_vcontext()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local sub=${COMP_WORDS[1]} kind i operands=0 prefix=

	COMPREPLY=()
	if ((COMP_CWORD == 1)); then
		_vcontext_words "$cur" < <(vcontext complete 2>/dev/null)
		return
	fi

	# bash takes "=" for a word of its own.
	if [[ $cur == = ]]; then
		cur=
	elif [[ $prev == = ]]; then
		prev=${COMP_WORDS[COMP_CWORD - 2]}
	fi

	kind=$(vcontext complete "$sub" 2>/dev/null | sed -n 's/^://p')
	for ((i = 2; i < COMP_CWORD; i++)); do
		if [[ ${COMP_WORDS[i]} == -- ]]; then
			((operands++))
			[[ $kind == program ]] && break
		elif [[ ${COMP_WORDS[i]} == -* ]]; then
			# Does the next word belong to it?
			vcontext complete "$sub" "${COMP_WORDS[i]}" \
				>/dev/null 2>&1 || continue
			[[ ${COMP_WORDS[i + 1]} == = ]] && ((i++))
			((i++))
		else
			((operands++))
		fi
	done

	if ((operands == 0)) && [[ $prev == -* && $prev != -- ]] &&
	   vcontext complete "$sub" "$prev" >/dev/null 2>&1; then
		if [[ $prev == --exec ]]; then
			mapfile -t COMPREPLY < <(compgen -c -- "$cur")
			return
		fi
		# The last of a list.
		[[ $cur == *,* ]] && prefix=${cur%,*},
		_vcontext_words "${cur#"$prefix"}" \
			< <(vcontext complete "$sub" "$prev" 2>/dev/null)
		COMPREPLY=("${COMPREPLY[@]/#/$prefix}")
		return
	fi
	if [[ $cur == -* ]] && { ((operands == 0)) ||
				 [[ $kind != program && $sub != exec ]]; }; then
		_vcontext_words "$cur" < <(vcontext complete "$sub" \
			2>/dev/null | sed -n 's/^\(-[^=]*\)=*$/\1/p')
		return
	fi
	case $kind:$operands:$sub in
	context:0:*|contexts:*)
		_vcontext_words "$cur" < <(vcontext complete : contexts \
			2>/dev/null)
		;;
	context:1:kill)
		_vcontext_words "${cur#SIG}" < <(vcontext complete : signals \
			2>/dev/null)
		;;
	rule:0:*)
		_vcontext_words "$cur" < <(vcontext complete : rule \
			2>/dev/null)
		;;
	rule:1:*)
		_vcontext_words "$cur" < <(vcontext complete : contexts \
			2>/dev/null)
		;;
	program:*|context:*:exec)
		mapfile -t COMPREPLY < <(compgen -c -- "$cur"
					 compgen -f -- "$cur")
		;;
	esac
}

complete -F _vcontext vcontext
