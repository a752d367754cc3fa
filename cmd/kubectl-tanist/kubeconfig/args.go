package kubeconfig

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// OneService is the check of the arguments of a command that is about one Service. cobra's own only counts them.
func OneService(_ *cobra.Command, args []string) error {
	switch len(args) {
	case 0:
		return errors.New("name a Service (kubectl tanist get lists them)")
	case 1:
		return nil
	}
	return fmt.Errorf("name one Service, got %s", strings.Join(args, " "))
}

// NoArgument is the check of the arguments of a command that takes none. cobra's own takes the first one for a command.
func NoArgument(command *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return fmt.Errorf("%s takes no argument, got %s (see --help)", command.Name(), strings.Join(args, " "))
}
