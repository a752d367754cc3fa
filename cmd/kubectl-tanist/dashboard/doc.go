// Package dashboard is `kubectl tanist dashboard`: a page that this program serves on the user's own machine. It shows who leads each Service, how
// that changed in the last minutes, and, for one Service, what `kubectl tanist explain` and `kubectl tanist history` say.
//
// The page reads with the user's own permissions. So nobody else may read it: see guard.go. The package watches the cluster, writes nothing, and
// installs nothing. What the page shows is decided in package page.
package dashboard
