/* built by src/build.sh */
