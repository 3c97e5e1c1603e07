@rem The scripts in package.json begin with "exec", so that on Linux and macOS npm's signals reach the program and
@rem not a shell around it. Windows has no such word; cmd finds this file instead, which runs the rest of the line.
@%*
