package realnodes

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
)

// Check returns nil where this machine can have real nodes, otherwise an error that names in one line all that it lacks.
func Check(ctx context.Context) error {
	lacks := basics(os.Geteuid())
	if len(lacks) == 0 {
		lacks = rights()
	}
	if len(lacks) == 0 {
		lacks = kernel(ctx)
	}
	if len(lacks) > 0 {
		return errors.New("real nodes need " + strings.Join(lacks, ", and "))
	}
	if InUse() {
		return nil // the kube-proxies are that cluster's
	}
	rules, err := foreignProxy(ctx)
	if err != nil {
		return err
	}
	if rules != "" {
		return fmt.Errorf("this machine already has a kube-proxy's rules (%s), which real nodes would undo", rules)
	}
	return nil
}

// InUse reports whether a cluster with real nodes is up on this machine, or was killed and has left its network.
func InUse() bool {
	_, err := os.Stat("/sys/class/net/" + Bridge)
	return err == nil
}

// basics are what a user gives: root and packages.
func basics(uid int) (lacks []string) {
	var further []string
	if uid != 0 {
		lacks = append(lacks, "root (sudo)")
		further = []string{"/usr/local/sbin", "/usr/sbin", "/sbin"} // root's PATH has them
	}
	if missing := missingPackages(further...); len(missing) > 0 {
		lacks = append(lacks, "packages that are not installed (apt-get install -y "+strings.Join(missing, " ")+")")
	}
	return lacks
}
