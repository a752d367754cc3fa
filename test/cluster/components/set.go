package components

import "io/fs"

// set is what is built into one folder, from one module.
type set struct {
	dir string
	// kubernetes is the version of its Kubernetes components, such as v1.37.2.
	kubernetes string
	// source has the module's go.mod and go.sum.
	source   fs.FS
	programs []component
	folders  []folder
}

// current is the set with all components.
func current(dir string, source fs.FS) set {
	return set{dir: dir, kubernetes: KubernetesVersion, source: source, programs: list, folders: data}
}

func (s set) ldflags() string {
	return "-s -w -X k8s.io/component-base/version.gitVersion=" + s.kubernetes
}
