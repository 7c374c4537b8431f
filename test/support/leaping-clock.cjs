// Makes the time of day leap by $LEAP milliseconds each time that it is asked for.
const real = Date.now;
let leapt = 0;
Date.now = () => {
  leapt += Number(process.env.LEAP);
  return real() + leapt;
};
