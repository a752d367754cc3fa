package doctor

import (
	"strings"

	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/status"
)

// withWarning returns a check that fails for each Service of which `kubectl tanist get` warns with this phrase.
func withWarning(phrase string, remedy func(*leader) string) func(*facts) findings {
	return func(f *facts) (found findings) {
		if f.services.unread != "" {
			return skip(f.services.unread)
		}
		for i := range f.leaders {
			l := &f.leaders[i]
			for _, what := range l.warned(phrase) {
				found.fail(l.about(), what, remedy(l))
			}
		}
		return found
	}
}

// warned returns the warnings with a phrase. The phrases about annotations are followed by a name.
func (l *leader) warned(phrase string) []string {
	var details []string
	named := phrase == status.WrongAnnotation || phrase == status.WrongPodAnnotation
	for _, warning := range l.status.Warnings {
		if warning.Phrase == phrase || named && strings.HasPrefix(warning.Phrase, phrase+" ") {
			details = append(details, phraseAnd(warning))
		}
	}
	return details
}

func phraseAnd(warning status.Warning) string {
	if warning.Detail == "" {
		return warning.Phrase
	}
	return warning.Phrase + ": " + warning.Detail
}
