package main

import (
	"flag"

	"k8s.io/klog/v2/textlogger"
)

// options are the command line.
type options struct {
	// kubeconfig is the path of the administrator's kubeconfig.
	kubeconfig string
	// namespace is where the Secrets of ClusterIssuers are: upstream's --cluster-resource-namespace. All namespaces are watched.
	namespace string
	// listen is the address of /healthz and /readyz.
	listen string
	// logging is what goes to stderr: errors only, unless -v says otherwise.
	logging *textlogger.Config
}

// parse has a flag set of its own because controller-runtime has taken -kubeconfig in the global one. A wrong flag ends the program.
func parse(args []string) options {
	// -1, because upstream reports every start, watch and write conflict at level 0.
	o := options{logging: textlogger.NewConfig(textlogger.Verbosity(-1))}
	fs := flag.NewFlagSet("cert-manager", flag.ExitOnError)
	fs.StringVar(&o.kubeconfig, "kubeconfig", "", "path of the kubeconfig")
	fs.StringVar(&o.namespace, "namespace", "cert-manager", "namespace of the Secrets that ClusterIssuers refer to")
	fs.StringVar(&o.listen, "listen", "127.0.0.1:9403", "address of /healthz and /readyz")
	o.logging.AddFlags(fs)
	_ = fs.Parse(args) // ExitOnError: it never returns one
	return o
}
